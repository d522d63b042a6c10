// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines, or records of 16 bytes, from a file or pipe of any length, through one buffer of 1 MiB. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pk_input {
    int fd;
    bool binary;   /* records of 16 bytes */
    uint64_t size; /* of a regular file; 0: not known */
    uint64_t read; /* bytes so far */
};

/* Gets one line without its end, or one record; what it returns but 0 ends the reading. */
typedef int pk_input_fn(void *arg, const char *line, const char *end);

/* "-" is standard input. 0 or -errno. */
int pk_input_open(struct pk_input *in, const char *path);
/*
 * Every line to `fn`. One that is longer than the buffer comes in parts, cut at a blank where there
 * is one. 0, -errno, -EBADMSG (binary: a record is not whole), or what `fn` returned.
 */
int pk_input_lines(struct pk_input *in, pk_input_fn *fn, void *arg);
void pk_input_close(struct pk_input *in);
