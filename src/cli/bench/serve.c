// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
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

#define PK_SERVE_IPERF_PORT 5201
#define PK_SERVE_WAIT 5.0 /* seconds for a server to listen */
#define PK_SERVE_ERRORS 4096u
#define PK_SERVE_REPORT_MAX ((size_t)1 << 20)

/* One process, nothing written but into its folder, one page of 1 KiB and a connection a request.
 */
static const char pk_serve_nginx_conf[] =
    "daemon off;\nmaster_process off;\npid %1$s/pid;\nerror_log stderr crit;\n"
    "events { worker_connections 4096; }\n"
    "http {\n access_log off;\n keepalive_timeout 0;\n"
    " client_body_temp_path %1$s/body;\n proxy_temp_path %1$s/proxy;\n"
    " fastcgi_temp_path %1$s/fastcgi;\n uwsgi_temp_path %1$s/uwsgi;\n scgi_temp_path %1$s/scgi;\n"
    " server {\n  listen 80 backlog=4096;\n  location / { return 200 \"%2$01024d\"; }\n }\n}\n";

static int pk_serve_configure(const char *folder, char conf[static 48])
{
    FILE *f;

    snprintf(conf, 48, "%s/conf", folder);
    f = fopen(conf, "we");
    if (!f)
        return -errno;
    fprintf(f, pk_serve_nginx_conf, folder, 0);
    return fclose(f) ? -errno : 0;
}

/* In the child: one CPU, the namespace, nothing to read and nothing to say; never returns. */
static void pk_serve_exec(const struct pk_netns *ns, int cpu, char *const argv[])
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
        sched_setaffinity(0, sizeof(one), &one) < 0 || setns(ns->fd, CLONE_NEWNET) < 0)
        _exit(126);
    execv(argv[0], argv);
    _exit(127);
}

static pid_t pk_serve_spawn(const struct pk_netns *ns, int cpu, char *const argv[])
{
    pid_t parent = getpid(), pid = fork();

    if (pid)
        return pid < 0 ? -errno : pid;
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(126);
    pk_serve_exec(ns, cpu, argv);
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
    s->nginx = pk_serve_spawn(&rig->ns, b->other_cpu, argv);
    return s->nginx < 0 ? s->nginx : 0;
}

static int pk_serve_iperf(struct pk_bench *b, struct pk_bench_rig *rig, struct pk_serve *s)
{
    char path[512], server[] = "-s";
    char *argv[] = {path, server, NULL};

    if (!pk_tool_find("iperf3", path))
        return pk_bench_rig_missing(rig, "not installed: iperf3");
    s->iperf = pk_serve_spawn(&rig->ns, b->other_cpu, argv);
    return s->iperf < 0 ? s->iperf : 0;
}

int pk_serve_start(struct pk_bench *b, struct pk_bench_rig *rig, const char *address,
                   struct pk_serve *ret)
{
    struct pk_serve s = {0};
    int r = pk_serve_nginx(b, rig, &s);

    if (!r)
        r = pk_serve_iperf(b, rig, &s);
    if (!r && (pk_serve_wait(&b->out, address, PK_HTTP_PORT) ||
               pk_serve_wait(&b->out, address, PK_SERVE_IPERF_PORT)))
        r = pk_bench_rig_failed(rig, "nginx or iperf3 does not answer");
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
    pk_http_end(&s->iperf);
    if (s->folder[0])
        nftw(s->folder, pk_serve_remove, 8, FTW_DEPTH | FTW_PHYS);
    s->folder[0] = 0;
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

/* One second of it: *ret is bits a second, or 0 and why. -errno: said in `rig`. */
static int pk_serve_second(struct pk_bench *b, struct pk_bench_rig *rig, const char *address,
                           char *why, size_t size, double *ret)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_SERVE_REPORT_MAX);
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(PK_SERVE_ERRORS);
    char path[512], to[16], client[] = "-c", time[] = "-t", second[] = "1", json[] = "-J";
    char *argv[] = {path, client, to, time, second, json, NULL};
    struct pk_tool_run run = {.argv = argv, .out = &out, .err = &err};
    int r;

    if (!pk_tool_find("iperf3", path))
        return pk_bench_rig_missing(rig, "not installed: iperf3");
    snprintf(to, sizeof(to), "%s", address);
    r = pk_tool_run(&b->out, &run);
    if (r < 0)
        return pk_bench_rig_failed(rig, "iperf3: %s", strerror(-r));
    *ret = pk_serve_report(&out, why, size);
    if (r && err.len)
        snprintf(why, size, "iperf3: %s", pk_tool_line(&err));
    return 0;
}

/* Its server takes one client at a time, and may still be at the one that looked whether it is
 * there. */
int pk_serve_bulk(struct pk_bench *b, struct pk_bench_rig *rig, const char *address, double *ret)
{
    double end = pk_bench_clock() + PK_SERVE_WAIT, bits = 0;
    struct timespec pause = {.tv_nsec = 10000000};
    char why[128];
    int r;

    for (;;) {
        r = pk_serve_second(b, rig, address, why, sizeof(why), &bits);
        if (r || bits > 0 || pk_bench_clock() > end || pk_bench_stopping())
            break;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    if (r)
        return r;
    if (bits <= 0)
        return pk_bench_rig_failed(rig, "%s", why);
    *ret = bits;
    return 0;
}
