/*
 * floor DIR
 *
 * The least that a start can cost: add a watch for each directory, then list
 * it. Nothing is kept, and no file is looked at; a line when all is done.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
	MASK = IN_ATTRIB | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE |
	       IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |
	       IN_ONLYDIR | IN_EXCL_UNLINK | IN_DONT_FOLLOW,
	PATH = 4096,
};

static void
walk(int fd, const char *dir)
{
	struct dirent *ent;
	char path[PATH];
	DIR *d;

	if (inotify_add_watch(fd, dir, MASK) < 0 || !(d = opendir(dir)))
		exit(3);
	while ((ent = readdir(d))) {
		if (ent->d_type != DT_DIR || ent->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, ent->d_name);
		walk(fd, path);
	}
	closedir(d);
}

int
main(int argc, char *argv[])
{
	int fd = inotify_init1(IN_CLOEXEC);

	if (argc != 2 || fd < 0)
		return 2;
	walk(fd, argv[1]);
	puts("ready");
	fflush(stdout);
	pause();
	return 0;
}
