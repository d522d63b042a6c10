// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of verbs, and the command with no arguments, which is `picket status`. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static const struct pk_verb verbs[] = {
    {"status", pk_cli_status, "what stands where: rule set, policies, counters, reasons", "",
     pk_options_status},
    {"check", pk_cli_check, "parse and compile files; change nothing", "FILE...", pk_options_check},
    {"diff", pk_cli_diff, "what apply would change, as rules", "FILE...", pk_options_diff},
    {"apply", pk_cli_apply, "put a rule set in force, whole and at once", "FILE...",
     pk_options_apply},
    {"rule", pk_cli_rule, "change one rule of the live set, as iptables -A, -I, -R and -D do",
     "append|insert|replace|delete [-4|-6] CHAIN [N] [RULE-SPEC]", pk_options_rule},
    {"conn", pk_cli_conn, "tracked connections: list, count, delete, watch",
     "[list|count|delete|watch]", pk_options_conn},
    {"undo", pk_cli_undo, "go back to the rule set before the last change", "", pk_options_undo},
    {"save", pk_cli_save, "print the live rule set as iptables-save text", "", pk_options_save},
    {"explain", pk_cli_explain, "would this packet pass, by which rule, and why not the others",
     "[in IF] [out IF] PROTO SRC[:PORT] to DST[:PORT] [flags SYN,ACK] [type TYPE[/CODE]]",
     pk_options_explain},
    {"detach", pk_cli_detach, "take the fence down, without a trace", "", pk_options_detach},
    {"record", pk_cli_record, "store what the fence counts, each second", "", pk_options_record},
    {"telemetry", pk_cli_telemetry, "query, export, push and inspect what record has stored",
     "query EXPRESSION | export [SELECTOR] | push [SELECTOR] | inspect [SELECTOR]",
     pk_options_telemetry},
    {"demo", pk_cli_demo, "all of it on real packets, in two network namespaces", "",
     pk_options_demo},
    {"posit", pk_cli_posit, "calculate with posits and show what is behind a number",
     "SIZE EXPRESSION", pk_options_posit},
    {"bench", pk_cli_bench, "packets a second, measured against the peers", "", pk_options_bench},
};

const struct pk_verb *pk_verb_find(const char *name)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(verbs); i++)
        if (!strcmp(verbs[i].name, name))
            return &verbs[i];
    for (size_t i = 0; pk_sensor_verbs[i]; i++)
        if (!strcmp(pk_sensor_verbs[i]->name, name))
            return pk_sensor_verbs[i];
    return NULL;
}

static int unknown(const char *name)
{
    fprintf(stderr, "picket: %s: no such verb (see: picket help)\n", name);
    return PK_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    const struct pk_verb *v = argc > 1 ? pk_verb_find(argv[1]) : NULL;
    char *ask[] = {argc > 1 ? argv[1] : NULL, "--help", NULL};

    if (argc > 2) {
        fprintf(stderr, "picket help: %s: takes one verb at most\n", argv[2]);
        return PK_EXIT_USAGE;
    }
    if (argc > 1 && !v)
        return unknown(argv[1]);
    if (v && !v->options)
        return v->run(2, ask);
    if (v) {
        pk_help_verb(v->name, v->syntax, v->help, v->options);
        return PK_EXIT_DONE;
    }
    printf("picket VERB ...: a host firewall that runs iptables rules as eBPF\n\n");
    for (size_t i = 0; i < PK_ARRAY_SIZE(verbs); i++)
        printf("  %-9s  %s\n", verbs[i].name, verbs[i].help);
    for (size_t i = 0; pk_sensor_verbs[i]; i++)
        printf("  %-9s  %s\n", pk_sensor_verbs[i]->name, pk_sensor_verbs[i]->help);
    printf("  %-9s  %s\n", "help", "this list, or what one verb takes: picket help VERB");
    printf("\nWithout a verb: status. Each verb takes --json. Manual: picket(1)\n");
    return PK_EXIT_DONE;
}

/* Options may follow without the verb's name, which then stands in place of the program's. */
static int run_status(int argc, char **argv)
{
    static char name[] = "status";

    argv[0] = name;
    return pk_cli_status(argc, argv);
}

int main(int argc, char **argv)
{
    const struct pk_verb *v;

    if (argc < 2 || !strcmp(argv[1], "--json"))
        return run_status(argc, argv);
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return help(argc - 1, argv + 1);
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("picket %s\n", PK_VERSION);
        return PK_EXIT_DONE;
    }
    v = pk_verb_find(argv[1]);
    if (v)
        return v->run(argc - 1, argv + 1);
    if (argv[1][0] == '-') {
        fprintf(stderr, "picket: %s: no such option; a verb comes first (see: picket help)\n",
                argv[1]);
        return PK_EXIT_USAGE;
    }
    return unknown(argv[1]);
}
