/*
 * jansson behind errors that name the member: every getter takes a struct json_at, the value with
 * the path that led to it, and reports "network.mtu: expected a number, found \"big\"".
 */
#ifndef RUNLXC_JSON_H
#define RUNLXC_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define JSON_PATH_MAX 512

struct json_at {
    const json_t *value; /* borrowed; NULL: absent */
    char path[JSON_PATH_MAX];
};

/* Parse; duplicates of a member are an error, as is anything behind the value. The error gives line
 * and column. Whole numbers up to UINT64_MAX are kept exactly (RLIM_INFINITY is one), although
 * jansson's own integers end at INT64_MAX: see json_get_u64. The caller owns the value
 * (json_decref). `what` names the text in errors. */
json_t *json_parse(const char *text, size_t len, const char *what, struct lxcdriver_error **err);

struct json_at json_root(const json_t *value);
/* Member `name` of an object, or element i of an array: absent (value NULL) when missing or null */
struct json_at json_member(const struct json_at *at, const char *name);
struct json_at json_element(const struct json_at *at, size_t i);
bool json_present(const struct json_at *at);

/* An array that is walked; its elements are borrowed from its document. */
struct json_list {
    struct json_at at;
    size_t n;    /* how many elements it has */
    size_t next; /* which json_list_next() gives */
};

/* The optional object `name` of *at: *present is false when it is absent. 0 or -1. */
int json_opt_object(const struct json_at *at, const char *name, struct json_at *out, bool *present,
                    struct lxcdriver_error **err);
/* The optional array `name` of *at: without elements when it is absent, and then 0. */
int json_opt_list(const struct json_at *at, const char *name, struct json_list *out,
                  struct lxcdriver_error **err);
/* The next element, with its index in its path, as json_element() gives it; false behind the last
 * one. */
bool json_list_next(struct json_list *list, struct json_at *element);

/* Report "path: <text>, found <value>", or "path: <text>" when it is absent. Returns -1. */
int json_error(const struct json_at *at, struct lxcdriver_error **err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Required type; absent is "is missing". Strings with an embedded NUL are refused. */
int json_want_object(const struct json_at *at, struct lxcdriver_error **err);
int json_want_array(const struct json_at *at, size_t *n, struct lxcdriver_error **err);
/* A heap copy; frees what *out held. */
int json_get_string(const struct json_at *at, char **out, struct lxcdriver_error **err);
int json_get_bool(const struct json_at *at, bool *out, struct lxcdriver_error **err);
int json_get_int(const struct json_at *at, int64_t min, int64_t max, int64_t *out,
                 struct lxcdriver_error **err);
/* A number of 0 .. UINT64_MAX. */
int json_get_u64(const struct json_at *at, uint64_t min, uint64_t max, uint64_t *out,
                 struct lxcdriver_error **err);
/* Appends every element. */
int json_get_strv(const struct json_at *at, struct strv *out, struct lxcdriver_error **err);

/* The same for a member that may be absent: then 0 and *out untouched. */
int json_opt_string(const struct json_at *at, const char *name, char **out,
                    struct lxcdriver_error **err);
int json_opt_bool(const struct json_at *at, const char *name, bool *out,
                  struct lxcdriver_error **err);
int json_opt_int(const struct json_at *at, const char *name, int64_t min, int64_t max, int64_t *out,
                 struct lxcdriver_error **err);
int json_opt_u64(const struct json_at *at, const char *name, uint64_t min, uint64_t max,
                 uint64_t *out, struct lxcdriver_error **err);
int json_opt_strv(const struct json_at *at, const char *name, struct strv *out,
                  struct lxcdriver_error **err);

#endif
