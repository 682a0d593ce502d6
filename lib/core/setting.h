/*
 * Where an option's value comes from: flag over CLNRM_* variable over
 * clnrm.conf (found upwards from the working directory) over the user's
 * $XDG_CONFIG_HOME/clnrm/clnrm.conf over the default.
 */
#ifndef CORE_SETTING_H
#define CORE_SETTING_H

#include "base/cli.h"

/*
 * cli_start(), then the settings of the section that the tool is named for
 * ("clnrm-exec" reads [exec]): the long flags are the keys, CLNRM_ and the flag
 * in capitals the variables. A setting that does not fit is told with its
 * file and line, exit 2; an unknown key of the section is a warning with the
 * nearest one.
 *
 * Where CLNRM_SHOW_SETTINGS is set it prints each option's value and where that
 * came from instead, and exits 0: "default<TAB>exec.grace=2000ms".
 */
char **setting_start(const struct cli *tool, int argc, char *argv[]);

/* Call fn with each clnrm.conf that is there, the project's first. */
void setting_files(void (*fn)(void *arg, const char *path), void *arg);

#endif
