/*
 * Lines and columns, for whom asks: most parses and many renderings need none.
 */
#include <string.h>

#include "base/utf8.h"
#include "data/tmpl_int.h"

enum { EVERY = 2048 }; /* bytes between two spots that are kept */

struct tmpl_places {
	struct tmpl_spot last; /* that was asked for */
	struct tmpl_spot kept[];
};

void
tmpl_spot_to(struct tmpl_spot *spot, const char *s, size_t at)
{
	while (spot->at < at) {
		const char *from = s + spot->at;
		const char *nl = memchr(from, '\n', at - spot->at);

		if (!nl) {
			spot->column +=
			    (uint32_t)utf8_count(from, at - spot->at);
			spot->at = at;
			return;
		}
		spot->line++;
		spot->column = 1;
		spot->at = (size_t)(nl - s) + 1;
	}
}

/* Is the byte the middle of a character? Then it is none to count from. */
static size_t
whole(const char *s, size_t n, size_t at)
{
	while (at < n && ((unsigned char)s[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static struct tmpl_places *
survey(struct arena *a, const char *s, size_t n)
{
	struct tmpl_places *p =
	    arena_alloc(a, sizeof *p + (n / EVERY + 1) * sizeof *p->kept);
	struct tmpl_spot at = {0, 1, 1};

	p->last = p->kept[0] = at;
	for (size_t i = 1; i <= n / EVERY; i++) {
		tmpl_spot_to(&at, s, whole(s, n, i * EVERY));
		p->kept[i] = at;
	}
	return p;
}

struct tmpl_spot
tmpl_spot(struct tmpl_module *m, size_t at)
{
	struct tmpl_spot kept;

	if (!m->places)
		m->places = survey(m->arena, m->s, m->n);
	kept = m->places->kept[at / EVERY];
	if (kept.at > at)
		kept = m->places->kept[at / EVERY - 1];
	if (m->places->last.at > at || m->places->last.at < kept.at)
		m->places->last = kept;
	tmpl_spot_to(&m->places->last, m->s, at);
	return m->places->last;
}

void
tmpl_place(struct tmpl_module *m, const struct tmpl_node *n)
{
	struct tmpl_node *to = (struct tmpl_node *)n; /* kept for the next */
	struct tmpl_spot spot;

	if (n->line)
		return;
	spot = tmpl_spot(m, n->at);
	to->line = spot.line;
	to->column = spot.column;
}
