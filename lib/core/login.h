/*
 * Who we are to a registry: what `docker login` has kept, in the file
 * config.json of $DOCKER_CONFIG, else of ~/.docker, or with a helper program
 * docker-credential-NAME that the file names.
 *
 * src: docker-login(1); github.com/docker/docker-credential-helpers
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include "base/buf.h"
#include "base/err.h"

struct login {
	struct buf user, secret;
	struct buf token; /* an identity token, instead of both; "": none */
};

#define LOGIN_INIT                                                      \
	{                                                               \
		.user = BUF_INIT, .secret = BUF_INIT, .token = BUF_INIT \
	}
#define AUTO_LOGIN __attribute__((cleanup(login_free))) struct login

/*
 * The login for a host, as in "ghcr.io" or "localhost:5000".
 *
 * out: 1 and *to; 0: there is none
 * err: -1 and *e: the file is malformed, the helper fails
 */
int login_find(const char *host, struct login *to, struct err *e);

void login_free(struct login *l);

#endif
