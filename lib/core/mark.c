#include "core/mark.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "core/project.h"

static const char *const word[] = {
    [MARK_PASS] = "pass", [MARK_FAIL] = "fail", [MARK_FLAKY] = "flaky"};

static void
path_of(const char *dir, const char *key, struct buf *path)
{
	buf_addf(path, "%s/%s.mark", dir, key);
}

int
mark_directory(
    const char *source, const char *root, struct buf *dir, struct err *e)
{
	if (project_root(source, root, dir, e) < 0)
		return -1;
	buf_adds(dir, "/.clnrm/cache/runs");
	return 0;
}

bool
mark_is_key(const char *key)
{
	return key && strlen(key) == HASH_HEX - 1 &&
	       strspn(key, "0123456789abcdef") == HASH_HEX - 1;
}

void
mark_read(const char *dir, const char *key, struct mark *m)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;
	char state[8];

	*m = (struct mark){.state = MARK_NONE};
	path_of(dir, key, &path);
	if (file_read(path.s, &text, NULL) < 0 || !text.len ||
	    text.s[text.len - 1] != '\n' ||
	    sscanf(text.s, "%7s %32s %64s", state, m->id, m->plan) != 3)
		return;
	for (size_t i = MARK_PASS; i < COUNT(word); i++)
		if (!strcmp(state, word[i]))
			m->state = (enum mark_state)i;
}

int
mark_write(
    const char *dir, const char *key, const struct mark *m, struct err *e)
{
	AUTO_BUF path = BUF_INIT, text = BUF_INIT;

	path_of(dir, key, &path);
	buf_addf(&text, "%s %s %s\n", word[m->state], m->id, m->plan);
	if (file_renew(path.s, text.s, text.len, 0666, e) == 0)
		return 0;
	unlink(path.s);
	return -1;
}

enum mark_state
mark_after(const struct mark *old, const struct mark *m, bool is_same)
{
	if (!is_same || old->state == MARK_NONE || strcmp(old->plan, m->plan))
		return m->state;
	return old->state == m->state ? m->state : MARK_FLAKY;
}
