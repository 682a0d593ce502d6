/*
 * The test files of a stream of plans that would run: new ones, those of which
 * something that was read has changed, and those that did not pass.
 */
#ifndef CORE_CHANGED_H
#define CORE_CHANGED_H

#include "core/scenario.h"

/*
 * in:  host, with its `replay`; its stage, which has begun, and whose own
 *      records nobody wants
 * out: *text, their names, a line each. What has an error is among them, and an
 *      error of no file goes to `complain`
 */
void changed_tell(struct scenario_host *host, struct buf *text,
    void (*complain)(const char *message));

#endif
