// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads a rule file and prints it as iptables-save text; diagnostics go to stderr.
 *
 *   roundtrip [-c] [-4|-6] [-t] FILE     -c: load counters and print them; -t: print seconds
 *
 * Exit status: 0 read, 1 the file is bad, 2 usage or system.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "rules/text.h"

struct arguments {
    struct pk_read_options read;
    bool time;
    const char *file;
};

static int arguments_parse(int argc, char **argv, struct arguments *ret)
{
    int c;

    *ret = (struct arguments){.read.family = -1};
    while ((c = getopt(argc, argv, "c46t")) != -1) {
        if (c == 'c')
            ret->read.counters = true;
        else if (c == 't')
            ret->time = true;
        else if (c == '4' || c == '6')
            ret->read.family = c == '4' ? PK_IPV4 : PK_IPV6;
        else
            return -1;
    }
    if (optind + 1 != argc)
        return -1;
    ret->file = argv[optind];
    return 0;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int save(const struct pk_read *read, const struct arguments *args)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT((size_t)1 << 30);
    struct pk_save_options options = {.counters = args->read.counters};

    for (int i = 0; i < PK_FAMILY_N; i++)
        if (read->family[i])
            pk_ruleset_save(read->family[i], &options, &out);
    if (out.failed)
        return 2;
    if (out.len)
        fwrite(out.data, 1, out.len, stdout);
    return 0;
}

int main(int argc, char **argv)
{
    _pk_diags_ struct pk_diags diags = {0};
    _pk_buf_ struct pk_buf text = {0};
    _pk_arena_ struct pk_arena arena = {0};
    struct arguments args;
    struct pk_read read;
    double start;
    int err;

    if (arguments_parse(argc, argv, &args)) {
        fprintf(stderr, "usage: roundtrip [-c] [-4|-6] [-t] FILE\n");
        return 2;
    }
    err = pk_file_read(args.file, (size_t)1 << 28, &text);
    if (err) {
        fprintf(stderr, "%s: %s\n", args.file, strerror(-err));
        return 2;
    }
    start = now();
    err = pk_text_read(text.data, text.len, args.file, &args.read, &arena, &read, &diags);
    if (args.time)
        fprintf(stderr, "%.3f s, %zu bytes of arena\n", now() - start, arena.used);
    pk_diags_print(&diags, stderr);
    if (err)
        return err == -EINVAL ? 1 : 2;
    return save(&read, &args);
}
