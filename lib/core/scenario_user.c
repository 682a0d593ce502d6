/* Who runs in the worlds of images: services, and steps in them. */
#include "core/scenario_service.h"

static const char *
named(const struct value *of)
{
	return value_str_or(value_get(of, "user"), NULL);
}

static struct service *
service_of(const struct scenario *s, const struct value *step)
{
	return scenario_service_named(
	    s, value_str_or(value_get(step, "service"), NULL));
}

/* NULL: as the cleanroom has it. */
static int
look_up(struct service *v, const char *name, const struct image_user **to,
    struct err *e)
{
	struct arena *a = &v->scenario->arena;
	struct image_user *user;

	AUTO_ACCOUNTS accounts = IMAGE_ACCOUNTS_INIT;
	struct dock *dock = v->scenario->host->dock;

	*to = NULL;
	if (!v->has_image || !name || !*name)
		return 0;
	if (!dock)
		image_accounts_read(v->image.root, &accounts);
	else if (dock_accounts(dock, &v->image, &accounts, e) < 0)
		return -1;
	user = arena_alloc(a, sizeof *user);
	*to = user;
	if (!image_user(&accounts, name, a, user, e))
		return 0;
	return err_hint(e, "of the image of service %.80s", v->name);
}

int
scenario_take_users(struct scenario *s, struct err *e)
{
	for (size_t i = 0; i < s->services; i++) {
		struct service *v = &s->service[i];
		const char *own = named(v->spec);

		if (look_up(v, own ? own : v->image.user, &v->user, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < s->steps; i++) {
		struct step *st = &s->step[i];
		struct service *v = service_of(s, st->spec);

		if (v && named(st->spec) &&
		    look_up(v, named(st->spec), &st->user, e) < 0)
			return -1;
		if (v && !named(st->spec))
			st->user = v->user;
	}
	return 0;
}

void
scenario_become(const struct scenario *s, const struct image_user *user,
    struct sandbox_step *step)
{
	if (user && s->ready.has_ids)
		step->user = &user->ids;
}

static void
add(struct buf *notes, const char *name, const char *of, const char *why)
{
	buf_addf(notes, "%suser %s of %s: %s, runs as 0",
	    notes->len ? "\n" : "", name, of, why);
}

static void
add_note(const struct scenario *s, const struct service *v, const char *user,
    const char *of, struct buf *notes)
{
	if (!user || !*user)
		return;
	if (!v->has_image)
		add(notes, user, of, "only images have users");
	else if (!s->ready.has_ids)
		add(notes, user, of, "there is one id here");
}

void
scenario_add_user_notes(const struct scenario *s, struct buf *notes)
{
	for (size_t i = 0; s->collector && i < s->services; i++) {
		const struct service *v = &s->service[i];
		const char *own = named(v->spec);

		add_note(s, v, own ? own : v->image.user, v->name, notes);
	}
	for (size_t i = 0; s->collector && i < s->steps; i++) {
		const struct value *step = s->step[i].spec;
		const struct service *v = service_of(s, step);

		if (v)
			add_note(s, v, named(step),
			    value_str_or(value_get(step, "name"), ""), notes);
	}
}
