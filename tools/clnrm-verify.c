/*
 * clnrm-verify: hold what a test did to what it was expected to do.
 */
#include "core/setting.h"
#include "core/verdict.h"
#include "sys/stop.h"

static int loose;

static const struct cli_opt opts[] = {
    {0, "loose", NULL, "take a stream that was cut by hand", CLI_FLAG, &loose},
    {0},
};

static const struct cli tool = {
    .name = "clnrm-verify",
    .does = "hold what a test did to what it was expected to do",
    .operands = "[FILE | -]",
    .examples = "  clnrm-lint tests | clnrm-exec - | clnrm-verify | "
		"clnrm-report\n"
		"  clnrm-verify saved.ndjson | jq 'select(.ok == false)'\n",
    .opts = opts,
};

int
main(int argc, char *argv[])
{
	char **path = setting_start(&tool, argc, argv);
	int fd = stage_input(&tool, path);
	struct stage st;
	AUTO_VERDICT v = {.stage = &st};
	struct record r;

	stop_catch(false);
	stage_filter(&st, "verify", &out_std, fd, loose);
	while (stage_next(&st, &r) > 0)
		verdict_take(&v, &r);
	verdict_finish(&v);
	return cli_finish(stage_end(&st));
}
