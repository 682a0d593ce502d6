/*
 * The bare pass of yajl over files: what reading them costs at the least.
 */
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "base/die.h"
#include "base/file.h"

int
main(int argc, char *argv[])
{
	static const yajl_callbacks none;

	for (int i = 1; i < argc; i++) {
		AUTO_BUF text = BUF_INIT;
		struct err e;
		yajl_handle h = yajl_alloc(&none, NULL, NULL);

		yajl_config(h, yajl_allow_multiple_values, 1);
		if (file_read(argv[i], &text, &e) < 0)
			die(EXIT_INPUT, "%s", e.text);
		if (yajl_parse(h, (unsigned char *)text.s, text.len) !=
			yajl_status_ok ||
		    yajl_complete_parse(h) != yajl_status_ok)
			die(EXIT_INPUT, "%s: malformed", argv[i]);
		yajl_free(h);
	}
	return EXIT_YES;
}
