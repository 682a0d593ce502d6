#include "core/workload_int.h"

void
workload_template(struct buf *to, int64_t i)
{
	buf_addf(to,
	    "[meta]\nname = \"test_%lld\"\nversion = \"1.0.0\"\n\n"
	    "[service.db_%lld]\ntype = \"postgres\"\nversion = \"{{ 10 + %lld "
	    "}}\"\n",
	    (long long)i, (long long)i, (long long)i % 7);
}

void
workload_template_simple(
    struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	buf_adds(to, "[meta]\nname = \"{{ v0 }}\"\nversion = \"{{ v1 }}\"\n\n"
		     "[service.db]\ntype = \"postgres\"\n"
		     "version = \"{{ v2 }}\"\n");
}

void
workload_template_medium(
    struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	buf_adds(to, "[meta]\nname = \"{{ v0 }}\"\nversion = \"1.0.0\"\n"
		     "{% for i in range(start=1, end=10) %}\n[[scenario]]\n"
		     "name = \"s{{ i }}\"\nrun = \"echo {{ i }}\"\n{% endfor %}"
		     "{% for s in [\"db\", \"api\", \"web\"] %}\n"
		     "[service.{{ s }}]\ntype = \"{{ s }}\"\n{% endfor %}");
}

void
workload_template_complex(
    struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	buf_adds(to,
	    "{% set names = [\"db\", \"api\", \"web\"] %}"
	    "[meta]\nname = \"{{ v0 }}\"\nversion = \"1.0.0\"\n"
	    "{% for e in [\"dev\", \"prod\"] %}\n[vars.{{ e }}]\n"
	    "name = \"{{ e | upper }}\"\nvalue = \"{{ v1 }}-{{ e }}\"\n"
	    "{% endfor %}{% for s in names %}\n[service.{{ s }}]\n"
	    "port = {{ 8000 + loop.index }}\n{% endfor %}"
	    "{% for i in range(end=20) %}{% set at = i % 3 %}\n"
	    "[[scenario]]\n"
	    "name = \"s{{ i }}\"\nservice = \"{{ names[at] }}\"\n"
	    "slot = {{ at }}\nof = {{ names | length }}\n{% endfor %}");
}

void
workload_template_vars(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)r;
	buf_adds(to, "[meta]\nname = \"bench\"\n\n[vars]\n");
	for (int64_t i = 0; i < w->size; i++)
		buf_addf(to, "k%lld = \"{{ v%lld%s }}\"\n", (long long)i,
		    (long long)i, i % 5 ? "" : " | upper");
}

static void
add_meta(struct buf *to)
{
	buf_adds(to, "[meta]\nname = \"bench\"\nversion = \"1.0.0\"\n");
}

static void
add_service(struct buf *to, int64_t i)
{
	buf_addf(to,
	    "\n[services.svc_%lld]\nplugin = \"generic_container\"\n"
	    "image = \"alpine:3.%lld\"\nenv = { LEVEL = \"debug\" }\n",
	    (long long)i, (long long)i % 28);
}

static void
add_scenario(struct buf *to, int64_t i)
{
	buf_addf(to,
	    "\n[[scenario]]\nname = \"scenario_%lld\"\n"
	    "run = \"echo hello %lld\"\ntimeout_ms = %lld\n",
	    (long long)i, (long long)i, 1000 + (long long)i);
}

void
workload_toml_simple(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	add_meta(to);
	add_service(to, 0);
	add_scenario(to, 0);
}

void
workload_toml_medium(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	add_meta(to);
	buf_adds(to, "\n[otel]\nexporter = \"otlp\"\nsample_ratio = 1.0\n");
	for (int i = 0; i < 2; i++)
		add_service(to, i);
	for (int i = 0; i < 2; i++)
		add_scenario(to, i);
}

void
workload_toml_large(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)w, (void)r;
	add_meta(to);
	for (int i = 0; i < 50; i++)
		buf_addf(to,
		    "\n[[scenario]]\nname = \"scenario_%d\"\n"
		    "[[scenario.steps]]\nname = \"step_%d\"\n"
		    "command = [\"echo\", \"hello %d\"]\n"
		    "expected_exit_code = 0\n",
		    i, i, i);
}

/* Whole entries as long as there is room, then a comment. */
void
workload_toml(struct buf *to, const struct workload *w, struct rng *r)
{
	size_t end = to->len + (size_t)w->size;

	(void)r;
	add_meta(to);
	add_scenario(to, 0);
	for (int64_t i = 1; to->len < end; i++) {
		size_t whole = to->len;

		add_scenario(to, i);
		add_service(to, i);
		if (to->len > end) {
			buf_cut(to, whole);
			break;
		}
	}
	if (to->len < end)
		buf_addc(to, '#');
	while (to->len + 1 < end)
		buf_addc(to, to->len % 64 ? '-' : '#');
	if (to->len < end)
		buf_addc(to, '\n');
}

void
workload_scenario(struct buf *to, const struct workload *w, struct rng *r)
{
	(void)r;
	add_meta(to);
	buf_adds(to, "\n[[scenario]]\nname = \"s\"\n");
	for (int64_t i = 0; i < w->size; i++)
		buf_addf(to,
		    "[[scenario.steps]]\nname = \"step_%lld\"\n"
		    "run = \"echo step %lld\"\n",
		    (long long)i, (long long)i);
}
