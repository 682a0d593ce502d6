/*
 * Texts to work on: templates, test files and traces, the same each time.
 */
#ifndef BENCH_TEXT_H
#define BENCH_TEXT_H

#include "base/buf.h"

/* A test file of about that many bytes. */
static inline void
text_toml(struct buf *to, size_t size)
{
	buf_reset(to);
	buf_adds(to, "[meta]\nname = \"bench\"\nversion = \"1.0.0\"\n");
	for (int i = 0; to->len < size; i++)
		buf_addf(to,
		    "\n[[scenario]]\nname = \"scenario_%d\"\n"
		    "run = \"echo hello %d\"\ntimeout_ms = %d\n"
		    "\n[services.svc_%d]\nplugin = \"generic_container\"\n"
		    "image = \"alpine:3.%d\"\nenv = { LEVEL = \"debug\" }\n",
		    i, i, 1000 + i, i, i % 28);
}

/* So many variables, each printed once, a filter on every fifth. */
static inline void
text_vars(struct buf *to, int vars)
{
	buf_reset(to);
	buf_adds(to, "[meta]\nname = \"bench\"\n[vars]\n");
	for (int i = 0; i < vars; i++)
		buf_addf(to, "k%d = \"{{ v%d%s }}\"\n", i, i,
		    i % 5 ? "" : " | upper");
}

static inline void
text_simple(struct buf *to)
{
	buf_reset(to);
	buf_adds(to, "[meta]\nname = \"{{ v0 }}\"\nversion = \"{{ v1 }}\"\n"
		     "[service.db]\ntype = \"postgres\"\n"
		     "version = \"{{ v2 }}\"\n");
}

static inline void
text_medium(struct buf *to)
{
	buf_reset(to);
	buf_adds(to, "[meta]\nname = \"{{ v0 }}\"\n"
		     "{% for i in range(start=1, end=10) %}[[scenario]]\n"
		     "name = \"s{{ i }}\"\nrun = \"echo {{ i }}\"\n"
		     "{% endfor %}{% for s in [\"db\", \"api\", \"web\"] %}"
		     "[service.{{ s }}]\ntype = \"{{ s }}\"\n{% endfor %}");
}

static inline void
text_complex(struct buf *to)
{
	buf_reset(to);
	buf_adds(to,
	    "{% set names = [\"db\", \"api\", \"web\"] %}"
	    "{% for e in [\"dev\", \"prod\"] %}[env.{{ e }}]\n"
	    "name = \"{{ e | upper }}\"\nvar = \"{{ v0 }}-{{ e }}\"\n"
	    "{% endfor %}{% for s in names %}[service.{{ s }}]\n"
	    "port = {{ 8000 + loop.index }}\n{% endfor %}"
	    "{% for i in range(end=20) %}[[scenario]]\n"
	    "name = \"s{{ i }}\"\nservice = \"{{ names[0] }}\"\n"
	    "slot = {{ i % 3 }}\nof = {{ names | length }}\n{% endfor %}");
}

#endif
