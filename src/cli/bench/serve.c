// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/http.h"

#define PK_SERVE_WAIT 5.0 /* seconds for a server to listen */
#define PK_SERVE_TRIES 5u /* of a transfer */
#define PK_SERVE_ERRORS 4096u
#define PK_SERVE_REPORT_MAX ((size_t)1 << 20)

/* One process, nothing written but into its folder, one page of 1 KiB and a connection a request.
 */
static const char pk_serve_nginx_conf[] =
    "daemon off;\nmaster_process off;\npid pid;\nerror_log stderr crit;\n"
    "events { worker_connections 4096; }\n"
    "http {\n access_log off;\n keepalive_timeout 0;\n"
    " client_body_temp_path body;\n proxy_temp_path proxy;\n fastcgi_temp_path fastcgi;\n"
    " uwsgi_temp_path uwsgi;\n scgi_temp_path scgi;\n"
    " server {\n  listen 80 backlog=4096;\n  location / { return 200 \"%01024d\"; }\n }\n}\n";

static int pk_serve_configure(const char *folder, char conf[static 48])
{
    FILE *f;

    snprintf(conf, 48, "%s/conf", folder);
    f = fopen(conf, "we");
    if (!f)
        return -errno;
    fprintf(f, pk_serve_nginx_conf, 0);
    return fclose(f) ? -errno : 0;
}

/* In the child: one CPU, the namespace, nothing to read, and `out` to say it to; never returns. */
static void pk_serve_exec(const struct pk_netns *ns, int cpu, int out, char *const argv[])
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out < 0 ? null : out, 1) < 0 || dup2(null, 2) < 0 ||
        sched_setaffinity(0, sizeof(one), &one) < 0 || setns(ns->fd, CLONE_NEWNET) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

static pid_t pk_serve_spawn(const struct pk_netns *ns, int cpu, int out, char *const argv[])
{
    pid_t parent = getpid(), pid = fork();

    if (pid)
        return pid < 0 ? -errno : pid;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(126);
    pk_serve_exec(ns, cpu, out, argv);
    _exit(127);
}

static bool pk_serve_answers(const struct pk_netns *from, const char *address, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    _pk_close_ int fd = -1;
    int back;

    if (inet_pton(AF_INET, address, &to.sin_addr) != 1 || pk_netns_enter(from, &back))
        return false;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (pk_netns_leave(&back) < 0 || fd < 0)
        return false;
    return !connect(fd, (struct sockaddr *)&to, sizeof(to));
}

static int pk_serve_wait(const struct pk_netns *from, const char *address, unsigned port)
{
    double end = pk_bench_clock() + PK_SERVE_WAIT;
    struct timespec t = {.tv_nsec = 10000000};

    while (!pk_serve_answers(from, address, port)) {
        if (pk_bench_clock() > end || pk_bench_stopping())
            return -ETIMEDOUT;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    }
    return 0;
}

static int pk_serve_nginx(struct pk_bench *b, struct pk_bench_rig *rig, struct pk_serve *s)
{
    char path[512], conf[48], prefix[] = "-p", config[] = "-c", errors[] = "-e", err[] = "stderr";
    char *argv[] = {path, prefix, s->folder, config, conf, errors, err, NULL};
    int r;

    if (!pk_tool_find("nginx", path))
        return pk_bench_rig_missing(rig, "not installed: nginx");
    snprintf(s->folder, sizeof(s->folder), "/tmp/picket-bench.XXXXXX");
    if (!mkdtemp(s->folder)) {
        s->folder[0] = 0;
        return -errno;
    }
    r = pk_serve_configure(s->folder, conf);
    if (r)
        return r;
    s->nginx = pk_serve_spawn(&rig->ns, b->cpu, -1, argv);
    return s->nginx < 0 ? s->nginx : 0;
}

int pk_serve_start(struct pk_bench *b, struct pk_bench_rig *rig, const char *address,
                   struct pk_serve *ret)
{
    struct pk_serve s = {0};
    char path[512];
    int r = pk_serve_nginx(b, rig, &s);

    if (!r && !pk_tool_find("iperf3", path))
        r = pk_bench_rig_missing(rig, "not installed: iperf3");
    if (!r && pk_serve_wait(&b->out, address, PK_HTTP_PORT))
        r = pk_bench_rig_failed(rig, "nginx does not answer");
    if (r)
        pk_serve_stop(&s);
    else
        *ret = s;
    return r;
}

static int pk_serve_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    return remove(path);
}

void pk_serve_stop(struct pk_serve *s)
{
    pk_http_end(&s->nginx);
    if (s->folder[0])
        nftw(s->folder, pk_serve_remove, 8, FTW_DEPTH | FTW_PHYS);
    s->folder[0] = 0;
}

/* Waits until `from` has said `word`. 0, or -ETIMEDOUT, or -EPIPE at its end. */
static int pk_serve_hear(int from, const char *word)
{
    double end = pk_bench_clock() + PK_SERVE_WAIT;
    struct pollfd p = {.fd = from, .events = POLLIN};
    char said[512] = "";
    size_t n = 0;

    while (!strstr(said, word)) {
        ssize_t got;

        if (pk_bench_clock() > end || pk_bench_stopping())
            return -ETIMEDOUT;
        if (poll(&p, 1, 10) <= 0)
            continue;
        got = read(from, said + n, sizeof(said) - 1 - n);
        if (got <= 0)
            return -EPIPE;
        n += (size_t)got;
    }
    return 0;
}

/*
 * A server for one client; *ret_said is what it prints, and has to stay open as long as it runs.
 * It is asked whether it listens, not connected to: it would take that for its client, and reset
 * those who wait behind.
 */
static int pk_serve_iperf(struct pk_bench *b, struct pk_bench_rig *rig, char *path, pid_t *ret,
                          int *ret_said)
{
    char server[] = "-s", once[] = "-1", flush[] = "--forceflush";
    char *argv[] = {path, server, once, flush, NULL};
    int said[2], r;
    pid_t pid;

    if (pipe2(said, O_CLOEXEC) < 0)
        return -errno;
    pid = pk_serve_spawn(&rig->ns, b->other_cpu, said[1], argv);
    close(said[1]);
    r = pid < 0 ? pid : pk_serve_hear(said[0], "listening");
    if (r) {
        pk_http_end(&pid);
        close(said[0]);
        return r;
    }
    *ret = pid;
    *ret_said = said[0];
    return 0;
}

/* {"end": {"sum_received": {"bits_per_second": …}}}, or {"error": …}, which goes to `why`. */
static double pk_serve_report(const struct pk_buf *out, char *why, size_t size)
{
    json_t *o = json_loadb(out->data ? out->data : "", out->len, 0, NULL);
    const char *error = "nothing was received";
    double bits = 0;

    json_unpack(o, "{s:s}", "error", &error);
    json_unpack(o, "{s:{s:{s:F}}}", "end", "sum_received", "bits_per_second", &bits);
    snprintf(why, size, "iperf3: %s", error);
    json_decref(o);
    return bits;
}

/* One second of it: bits a second, or 0 and why. */
static double pk_serve_second(struct pk_bench *b, struct pk_bench_rig *rig, const char *address,
                              char *why, size_t size)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_SERVE_REPORT_MAX);
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(PK_SERVE_ERRORS);
    char path[512], to[16], client[] = "-c", time[] = "-t", second[] = "1", json[] = "-J";
    char *argv[] = {path, client, to, time, second, json, NULL};
    struct pk_tool_run run = {.argv = argv, .out = &out, .err = &err};
    _pk_close_ int said = -1;
    double bits = 0;
    pid_t server = 0;
    int r = pk_tool_find("iperf3", path) ? pk_serve_iperf(b, rig, path, &server, &said) : -ENOENT;

    if (!r) {
        snprintf(to, sizeof(to), "%s", address);
        r = pk_tool_run(&b->out, &run);
        pk_http_end(&server);
    }
    if (r < 0)
        snprintf(why, size, "iperf3: %s", strerror(-r));
    else
        bits = pk_serve_report(&out, why, size);
    if (r > 0 && err.len)
        snprintf(why, size, "iperf3: %s", pk_tool_line(&err));
    return bits;
}

int pk_serve_bulk(struct pk_bench *b, struct pk_bench_rig *rig, const char *address, double *ret)
{
    char why[128] = "stopped";
    double bits = 0;
    unsigned t;

    for (t = 0; t < PK_SERVE_TRIES && bits <= 0 && !pk_bench_stopping(); t++)
        bits = pk_serve_second(b, rig, address, why, sizeof(why));
    if (bits <= 0)
        return pk_bench_rig_failed(rig, "%s", why);
    *ret = bits;
    return 0;
}
