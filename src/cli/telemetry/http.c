// SPDX-License-Identifier: GPL-2.0-or-later
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <snappy-c.h>
#include <stdio.h>
#include <string.h>

#include "cli/codes.h"
#include "cli/telemetry/telemetry.h"

#define CONNECT_SECONDS 10L
#define SECONDS 60L

/* The functions of both libraries that are used here. */
struct library {
    void *curl, *snappy;
    __typeof__(curl_easy_init) *init;
    __typeof__(curl_easy_setopt) *setopt;
    __typeof__(curl_easy_perform) *perform;
    __typeof__(curl_easy_getinfo) *getinfo;
    __typeof__(curl_easy_cleanup) *cleanup;
    __typeof__(curl_easy_strerror) *strerror;
    __typeof__(curl_slist_append) *append;
    __typeof__(curl_slist_free_all) *free_all;
    __typeof__(curl_url) *url;
    __typeof__(curl_url_set) *url_set;
    __typeof__(curl_url_get) *url_get;
    __typeof__(curl_url_cleanup) *url_cleanup;
    __typeof__(curl_free) *free;
    __typeof__(snappy_max_compressed_length) *room;
    __typeof__(snappy_compress) *compress;
};

static const struct {
    const char *name;
    size_t at;
    bool snappy;
} symbols[] = {
    {"curl_easy_init", offsetof(struct library, init), false},
    {"curl_easy_setopt", offsetof(struct library, setopt), false},
    {"curl_easy_perform", offsetof(struct library, perform), false},
    {"curl_easy_getinfo", offsetof(struct library, getinfo), false},
    {"curl_easy_cleanup", offsetof(struct library, cleanup), false},
    {"curl_easy_strerror", offsetof(struct library, strerror), false},
    {"curl_slist_append", offsetof(struct library, append), false},
    {"curl_slist_free_all", offsetof(struct library, free_all), false},
    {"curl_url", offsetof(struct library, url), false},
    {"curl_url_set", offsetof(struct library, url_set), false},
    {"curl_url_get", offsetof(struct library, url_get), false},
    {"curl_url_cleanup", offsetof(struct library, url_cleanup), false},
    {"curl_free", offsetof(struct library, free), false},
    {"snappy_max_compressed_length", offsetof(struct library, room), true},
    {"snappy_compress", offsetof(struct library, compress), true},
};

struct pk_http {
    struct library lib;
    CURL *curl;
    struct curl_slist *headers;
    char *name, *packed;
    size_t room;
    uint64_t bytes;
    char error[CURL_ERROR_SIZE];
    struct pk_remote_reply *reply; /* of the post at hand */
};

static int load_failed(struct pk_diags *d, const char *package)
{
    pk_error(d, PK_D_LIBRARY, PK_NOWHERE, "install the package that has it",
             "push needs a library that is not there: %s", package);
    return -ENOENT;
}

/* Both stay loaded until the process ends: libcurl's libraries do not all like to be unloaded. */
static int library_load(struct library *l, struct pk_diags *d)
{
    l->curl = dlopen("libcurl.so.4", RTLD_NOW);
    if (!l->curl)
        return load_failed(d, "libcurl.so.4 (libcurl4)");
    l->snappy = dlopen("libsnappy.so.1", RTLD_NOW);
    if (!l->snappy)
        return load_failed(d, "libsnappy.so.1 (libsnappy1v5)");
    for (size_t i = 0; i < PK_ARRAY_SIZE(symbols); i++) {
        void *found = dlsym(symbols[i].snappy ? l->snappy : l->curl, symbols[i].name);

        if (!found)
            return load_failed(d, symbols[i].name);
        memcpy((char *)l + symbols[i].at, &found, sizeof(found));
    }
    return 0;
}

static int url_bad(const char *url, struct pk_diags *d)
{
    pk_error(d, PK_D_ARGUMENT, PK_NOWHERE, "as http://127.0.0.1:9090/api/v1/write",
             "--url %.200s: no URL of http or https", url);
    return -EINVAL;
}

/* The URL without user and password: it is written to a file and shown. */
static int url_name(struct pk_http *h, const char *url, struct pk_diags *d)
{
    CURLU *u = h->lib.url();
    char *scheme = NULL, *text = NULL;
    bool good = u && !h->lib.url_set(u, CURLUPART_URL, url, 0) &&
                !h->lib.url_get(u, CURLUPART_SCHEME, &scheme, 0) &&
                (!strcmp(scheme, "http") || !strcmp(scheme, "https")) &&
                !h->lib.url_set(u, CURLUPART_USER, NULL, 0) &&
                !h->lib.url_set(u, CURLUPART_PASSWORD, NULL, 0) &&
                !h->lib.url_get(u, CURLUPART_URL, &text, 0);

    if (good)
        h->name = strdup(text);
    h->lib.free(scheme);
    h->lib.free(text);
    h->lib.url_cleanup(u);
    return good ? h->name ? 0 : -ENOMEM : url_bad(url, d);
}

/* What the receiver says, as much of it as is shown: one line. */
static size_t take_reply(char *data, size_t size, size_t n, void *arg)
{
    struct pk_http *h = arg;
    char *text = h->reply->text;
    size_t len = strlen(text);

    for (size_t i = 0; i < size * n && len + 1 < sizeof(h->reply->text); i++)
        text[len++] = (char)(data[i] == '\n' || data[i] == '\r' ? ' ' : data[i]);
    text[len] = 0;
    return size * n;
}

static bool add_headers(struct pk_http *h)
{
    static const char *const lines[] = {"Content-Type: application/x-protobuf",
                                        "Content-Encoding: snappy",
                                        "X-Prometheus-Remote-Write-Version: 0.1.0", "Expect:"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(lines); i++) {
        struct curl_slist *grown = h->lib.append(h->headers, lines[i]);

        if (!grown)
            return false;
        h->headers = grown;
    }
    return true;
}

static bool prepare(struct pk_http *h, const char *url)
{
    __typeof__(curl_easy_setopt) *set = h->lib.setopt;
    CURL *c = h->curl;

    return !set(c, CURLOPT_URL, url) && !set(c, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !set(c, CURLOPT_HTTPHEADER, h->headers) && !set(c, CURLOPT_POST, 1L) &&
           !set(c, CURLOPT_USERAGENT, "picket/" PK_VERSION) && !set(c, CURLOPT_NOSIGNAL, 1L) &&
           !set(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS) && !set(c, CURLOPT_TIMEOUT, SECONDS) &&
           !set(c, CURLOPT_ERRORBUFFER, h->error) && !set(c, CURLOPT_WRITEDATA, h) &&
           !set(c, CURLOPT_WRITEFUNCTION, take_reply);
}

int pk_http_open(const char *url, struct pk_diags *d, struct pk_http **ret)
{
    _pk_http_ struct pk_http *h = calloc(1, sizeof(*h));
    int r = h ? library_load(&h->lib, d) : -ENOMEM;

    if (!r)
        r = url_name(h, url, d);
    if (r)
        return r;
    h->curl = h->lib.init();
    if (!h->curl || !add_headers(h) || !prepare(h, url))
        return -ENOMEM;
    *ret = PK_TAKE_PTR(h);
    return 0;
}

static bool pack(struct pk_http *h, const void *body, size_t len, size_t *ret)
{
    *ret = h->lib.room(len);
    if (*ret > h->room) {
        char *grown = realloc(h->packed, *ret);

        if (!grown)
            return false;
        h->packed = grown;
        h->room = *ret;
    }
    return h->lib.compress(body, len, h->packed, ret) == SNAPPY_OK;
}

void pk_http_post(struct pk_http *h, const void *body, size_t len, struct pk_remote_reply *ret)
{
    __typeof__(curl_easy_setopt) *set = h->lib.setopt;
    curl_off_t wait = 0;
    CURLcode code;
    size_t size;

    if (!pack(h, body, len, &size)) {
        snprintf(ret->text, sizeof(ret->text), "%s", strerror(ENOMEM));
        return;
    }
    h->reply = ret;
    *h->error = 0;
    set(h->curl, CURLOPT_POSTFIELDS, h->packed);
    set(h->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    code = h->lib.perform(h->curl);
    if (code) {
        snprintf(ret->text, sizeof(ret->text), "%s", *h->error ? h->error : h->lib.strerror(code));
        return;
    }
    h->bytes += size;
    h->lib.getinfo(h->curl, CURLINFO_RESPONSE_CODE, &ret->status);
    h->lib.getinfo(h->curl, CURLINFO_RETRY_AFTER, &wait);
    ret->wait = wait > 0 ? (unsigned)PK_MIN(wait, (curl_off_t)UINT32_MAX) : 0;
}

uint64_t pk_http_bytes(const struct pk_http *h)
{
    return h->bytes;
}

const char *pk_http_name(const struct pk_http *h)
{
    return h->name;
}

void pk_http_close(struct pk_http **http)
{
    struct pk_http *h = PK_TAKE_PTR(*http);

    if (h->curl)
        h->lib.cleanup(h->curl);
    if (h->headers)
        h->lib.free_all(h->headers);
    free(h->packed);
    free(h->name);
    free(h);
}
