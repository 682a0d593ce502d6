/* clnrm-contain: keeps cleanrooms in containers of an engine. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cli.h"
#include "base/die.h"
#include "base/out.h"
#include "core/container.h"
#include "core/setting.h"

enum { CONTROL = 3 };

static const char *engine = "auto", *serve;
static int probe, sweep;

static const struct cli_opt opts[] = {
    {0, "backend", "NAME", "the engine: docker, podman or auto (auto)",
	CLI_TEXT, &engine},
    {0, "probe", NULL, "tell what there is, and what is missing", CLI_FLAG,
	&probe},
    {0, "sweep", NULL, "remove what runs have left that were killed", CLI_FLAG,
	&sweep},
    {0, "serve", "NAME", "for clnrm-exec: serve it on descriptor 3", CLI_TEXT,
	&serve},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-contain",
    .operands = "",
    .does = "keep cleanrooms in containers of Docker or Podman",
    .examples = "  clnrm-contain              which engine is there?\n"
		"  clnrm-contain --sweep      and does it hold what is left?\n",
    .opts = opts,
};

static int
tell(struct daemon *d)
{
	AUTO_BUF line = BUF_INIT;
	struct err e = {0};
	int n = 0;

	buf_addf(&line, "%s %s at %s, API %s\n", daemon_name(d), d->version,
	    d->place, d->api);
	if (sweep && (n = container_sweep(d, &e)) < 0) {
		warn("%s", e.text);
		return EXIT_RUN;
	}
	if (sweep)
		buf_addf(&line, "%d left by other runs removed\n", n);
	out_add(&out_std, line.s, line.len);
	return EXIT_YES;
}

static int
look(void)
{
	AUTO_BUF text = BUF_INIT;
	int missing = daemon_look(engine, &text);

	out_add(&out_std, text.s, text.len);
	return missing ? EXIT_NO : EXIT_YES;
}

static int
serve_runner(struct daemon *d)
{
	struct err e = {0};

	prctl(PR_SET_NAME, "clnrm-contain");
	signal(SIGPIPE, SIG_IGN);
	if (daemon_find(d, serve, &e) < 0) {
		container_refuse(CONTROL, &e);
		return EXIT_RUN;
	}
	container_sweep(d, &e);
	return container_serve(d, CONTROL, &e) < 0 ? EXIT_RUN : EXIT_YES;
}

int
main(int argc, char *argv[])
{
	char **operand = setting_start(&tool, argc, argv);
	struct daemon d = {0};
	struct err e = {0};
	int status;

	if (*operand)
		die(EXIT_INPUT, "it takes no operand");
	if (serve) {
		status = serve_runner(&d);
	} else if (probe) {
		status = look();
	} else if (daemon_find(&d, engine, &e) < 0) {
		warn("%s%s%s", e.text, *e.hint ? "; " : "", e.hint);
		status = EXIT_RUN;
	} else {
		status = tell(&d);
	}
	daemon_free(&d);
	return cli_finish(status);
}
