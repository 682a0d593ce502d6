/*
 * Colour in a text for a terminal.
 *
 * src: ECMA-48 (1991), 8.3.117 SGR
 */
#ifndef BASE_COLOR_H
#define BASE_COLOR_H

#include <stdbool.h>

#include "base/buf.h"

#define COLOR_BOLD "1"
#define COLOR_RED "1;31"
#define COLOR_GREEN "32"
#define COLOR_YELLOW "33"
#define COLOR_BLUE "34"
#define COLOR_MAGENTA "1;35"

/*
 * Is what is written to fd to have colour, unless an option says so? NO_COLOR
 * forbids it, FORCE_COLOR or CLICOLOR_FORCE want it, else a terminal has it
 * unless TERM is "dumb".
 *
 * src: no-color.org, force-color.org, bixense.com/clicolors
 */
bool color_is_on(int fd);

/* Append a text in that colour; plain where there is none. */
void color_add(
    struct buf *b, bool has_color, const char *color, const char *text);

#endif
