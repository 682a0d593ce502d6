/*
 * Inside of sys/transfer.
 */
#ifndef SYS_TRANSFER_INT_H
#define SYS_TRANSFER_INT_H

#include <curl/curl.h>

#include "sys/transfer.h"

/* A handle; the library is begun with the first. */
CURL *transfer_curl(void);

/* A socket of this machine is spoken to, or a certificate is shown. */
void transfer_set_near(CURL *c, const struct transfer_request *r);

#endif
