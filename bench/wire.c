/*
 * The client alone: as much of S3's protocol as a put and a get need, over TLS, from and to nothing.
 *
 *   wire CERTIFICATE KEY PATTERN     prints its port on 127.0.0.1, and serves until it is killed
 *
 * What is uploaded is decrypted and thrown away; only small bodies are kept. What is downloaded comes from
 * memory: byte N of a large object is byte N modulo its length of the file PATTERN. Signatures and checksums
 * are not verified, nothing is stored, and a body costs this process its AES and the kernel's work: what a run
 * takes is the client's doing. Of an object it remembers name, size, ETag and CRC32, as a server with
 * checksums would.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
  HEAD_MAX = 64 << 10,
  BLOCK = 256 << 10,   /* one read or write */
  KEPT_MAX = 64 << 10, /* larger bodies are not kept */
  BODY_MAX = 8 << 20,  /* of the requests that are read: Complete, DeleteObjects */
  SLOTS = 1 << 15,
  UPLOADS = 4096,
  PAGE = 1000,
};

struct object {
  char *path; /* /bucket/key */
  char *kept; /* small bodies */
  long long size;
  unsigned serial; /* makes the ETag; 0 = deleted */
  char crc32[16];
};

static const char *pattern;
static size_t pattern_size;
static SSL_CTX *tls;
static struct object objects[SLOTS]; /* open addressing */
static long long uploads[UPLOADS];   /* bytes so far, by upload id modulo UPLOADS */
static unsigned serials, upload_ids;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct connection {
  SSL *ssl;
  char buffer[HEAD_MAX + 1]; /* a request's head, and what came behind it */
  size_t filled;
  char block[BLOCK];
};

struct request {
  char *method, *path, *query, *headers;
  size_t head_size;
  long long length;
};

/* ---- objects; each function wants the lock ---------------------------------------------------------- */

static struct object *slot_of(const char *path) {
  unsigned hash = 2166136261u;
  for (const char *c = path; *c; c++) hash = (hash ^ (unsigned char)*c) * 16777619u;
  for (unsigned i = 0; i < SLOTS; i++) {
    struct object *slot = &objects[(hash + i) % SLOTS];
    if (!slot->path || strcmp(slot->path, path) == 0) return slot;
  }
  fprintf(stderr, "wire: too many objects\n");
  exit(1);
}

static struct object *store(const char *path, long long size, char *kept, const char *crc32) {
  struct object *object = slot_of(path);
  if (!object->path) object->path = strdup(path);
  free(object->kept);
  object->kept = kept;
  object->size = size;
  object->serial = ++serials;
  snprintf(object->crc32, sizeof object->crc32, "%s", crc32 ? crc32 : "");
  return object;
}

static void forget(const char *path) {
  struct object *object = slot_of(path);
  free(object->kept);
  object->kept = NULL;
  object->serial = 0;
}

static int by_path(const void *a, const void *b) {
  return strcmp((*(struct object *const *)a)->path, (*(struct object *const *)b)->path);
}

/* ---- requests ---------------------------------------------------------------------------------------- */

/* The value of a header, in `to`; NULL where it is absent. */
static char *header(const struct request *request, const char *name, char *to, size_t size) {
  size_t length = strlen(name);
  for (char *line = request->headers; *line; line = strchr(line, '\n') + 1) {
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
    char *value = line + length + 1;
    while (*value == ' ') value++;
    size_t end = strcspn(value, "\r\n");
    snprintf(to, size, "%.*s", (int)end, value);
    return to;
  }
  return NULL;
}

/* The value of a query's parameter, decoded, in `to`; "" where it has none, NULL where it is absent. */
static char *parameter(const struct request *request, const char *name, char *to, size_t size) {
  size_t length = strlen(name);
  for (char *at = request->query; at && *at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
    if (strncmp(at, name, length) != 0 || !strchr("=&", at[length])) continue;
    at += length + (at[length] == '=');
    size_t out = 0;
    while (*at && *at != '&' && out + 1 < size) {
      unsigned byte;
      if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
        to[out++] = (char)byte;
        at += 3;
      } else {
        to[out++] = *at++;
      }
    }
    to[out] = 0;
    return to;
  }
  return NULL;
}

static int write_all(struct connection *to, const char *bytes, size_t size) {
  while (size > 0) {
    size_t piece = size < BLOCK ? size : BLOCK;
    if (SSL_write(to->ssl, bytes, (int)piece) <= 0) return 0;
    bytes += piece;
    size -= piece;
  }
  return 1;
}

/* Reads a request's body: into `keep` if that is given, else away. */
static int read_body(struct connection *from, const struct request *request, char *keep) {
  long long left = request->length;
  size_t here = from->filled - request->head_size;
  size_t taken = (long long)here < left ? here : (size_t)left;
  if (keep) memcpy(keep, from->buffer + request->head_size, taken);
  memmove(from->buffer, from->buffer + request->head_size + taken, here - taken);
  from->filled = here - taken;
  for (left -= (long long)taken; left > 0;) {
    int got = SSL_read(from->ssl, from->block, left < BLOCK ? (int)left : BLOCK);
    if (got <= 0) return 0;
    if (keep) memcpy(keep + request->length - left, from->block, (size_t)got);
    left -= got;
  }
  return 1;
}

/* ---- answers ----------------------------------------------------------------------------------------- */

static int append(char *to, int at, int size, const char *format, ...) {
  va_list values;
  va_start(values, format);
  int length = vsnprintf(to + at, (size_t)(size - at), format, values);
  va_end(values);
  return at + length < size ? at + length : size - 1;
}

/* What a server with SSE-C says again of the request's key. */
static int append_echo(char *to, int at, int size, const struct request *request) {
  static const char *const names[] = {"x-amz-server-side-encryption-customer-algorithm",
                                      "x-amz-server-side-encryption-customer-key-MD5"};
  char value[128];
  for (int i = 0; i < 2; i++)
    if (header(request, names[i], value, sizeof value))
      at = append(to, at, size, "%s: %s\r\n", names[i], value);
  return at;
}

/* Sends status, `fields` and `body`; `length` stands for a body that follows, or is only spoken of. */
static int answer(struct connection *to, const char *status, const char *fields, const char *body,
                  long long length) {
  char head[4096], date[64];
  time_t now = time(NULL);
  struct tm parts;
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
  long long size = body ? (long long)strlen(body) : length;
  int at = append(head, 0, sizeof head, "HTTP/1.1 %s\r\nDate: %s\r\nx-amz-request-id: 1\r\n", status, date);
  at = append(head, at, sizeof head, "%s", fields);
  if (strncmp(status, "204", 3) != 0) at = append(head, at, sizeof head, "Content-Length: %lld\r\n", size);
  at = append(head, at, sizeof head, "\r\n");
  if (body && at + size < (long long)sizeof head) { /* one record, one packet */
    memcpy(head + at, body, (size_t)size);
    return write_all(to, head, (size_t)(at + size));
  }
  return write_all(to, head, (size_t)at) && (!body || write_all(to, body, (size_t)size));
}

static int answer_xml(struct connection *to, const char *status, const char *fields, const char *body) {
  char all[4096];
  snprintf(all, sizeof all, "Content-Type: application/xml\r\n%s", fields);
  return answer(to, status, all, body, 0);
}

static int refuse(struct connection *to, const struct request *request, const char *status, const char *code) {
  char body[256];
  snprintf(body, sizeof body, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>", code);
  if (strcmp(request->method, "HEAD") == 0) return answer(to, status, "", NULL, 0);
  return answer_xml(to, status, "", body);
}

static int append_checksum(char *to, int at, int size, const char *crc32) {
  if (!*crc32) return at;
  return append(to, at, size, "x-amz-checksum-crc32: %s\r\nx-amz-checksum-type: FULL_OBJECT\r\n", crc32);
}

/* ---- the operations ---------------------------------------------------------------------------------- */

static int put(struct connection *with, const struct request *request) {
  char value[128], fields[1024];
  char *kept = NULL;
  char *crc32 = header(request, "x-amz-checksum-crc32", value, sizeof value);
  char id[64];
  int is_part = parameter(request, "uploadId", id, sizeof id) != NULL;
  if (!is_part && request->length <= KEPT_MAX) kept = malloc((size_t)request->length + 1);
  if (!read_body(with, request, kept)) {
    free(kept);
    return 0;
  }
  pthread_mutex_lock(&lock);
  unsigned serial;
  if (is_part) {
    uploads[strtoul(id, NULL, 10) % UPLOADS] += request->length;
    serial = ++serials;
  } else {
    serial = store(request->path, request->length, kept, crc32)->serial;
  }
  pthread_mutex_unlock(&lock);
  int at = append(fields, 0, sizeof fields, "ETag: \"%08x-1\"\r\n", serial);
  if (crc32) at = append(fields, at, sizeof fields, "x-amz-checksum-crc32: %s\r\n", crc32);
  append_echo(fields, at, sizeof fields, request);
  return answer(with, "200 OK", fields, NULL, 0);
}

static int create_upload(struct connection *with, const struct request *request) {
  char fields[1024] = "", body[4096];
  pthread_mutex_lock(&lock);
  unsigned id = ++upload_ids;
  uploads[id % UPLOADS] = 0;
  pthread_mutex_unlock(&lock);
  append_echo(fields, 0, sizeof fields, request);
  const char *key = strchr(request->path + 1, '/') + 1;
  snprintf(body, sizeof body,
           "<?xml version=\"1.0\"?><InitiateMultipartUploadResult><Bucket>%.*s</Bucket><Key>%s</Key>"
           "<UploadId>%u</UploadId></InitiateMultipartUploadResult>",
           (int)(key - request->path - 2), request->path + 1, key, id);
  return answer_xml(with, "200 OK", fields, body);
}

static int complete_upload(struct connection *with, const struct request *request, const char *id) {
  char fields[1024] = "", body[4096], value[128];
  char *crc32 = header(request, "x-amz-checksum-crc32", value, sizeof value);
  pthread_mutex_lock(&lock);
  unsigned serial = store(request->path, uploads[strtoul(id, NULL, 10) % UPLOADS], NULL, crc32)->serial;
  pthread_mutex_unlock(&lock);
  append_echo(fields, 0, sizeof fields, request);
  const char *key = strchr(request->path + 1, '/') + 1;
  int at = append(body, 0, sizeof body,
                  "<?xml version=\"1.0\"?><CompleteMultipartUploadResult><Bucket>%.*s</Bucket><Key>%s</Key>"
                  "<ETag>&quot;%08x-1&quot;</ETag>",
                  (int)(key - request->path - 2), request->path + 1, key, serial);
  if (crc32)
    at = append(body, at, sizeof body,
                "<ChecksumCRC32>%s</ChecksumCRC32><ChecksumType>FULL_OBJECT</ChecksumType>", crc32);
  append(body, at, sizeof body, "</CompleteMultipartUploadResult>");
  return answer_xml(with, "200 OK", fields, body);
}

static int delete_many(struct connection *with, const struct request *request, char *body) {
  char path[2048];
  pthread_mutex_lock(&lock);
  for (char *at = body; (at = strstr(at, "<Key>"));) {
    at += strlen("<Key>");
    snprintf(path, sizeof path, "%s/%.*s", request->path, (int)strcspn(at, "<"), at);
    forget(path);
  }
  pthread_mutex_unlock(&lock);
  return answer_xml(with, "200 OK", "", "<?xml version=\"1.0\"?><DeleteResult></DeleteResult>");
}

static int post(struct connection *with, const struct request *request) {
  char id[64];
  if (request->length > BODY_MAX) return 0;
  char *body = calloc(1, (size_t)request->length + 1);
  int done = read_body(with, request, body);
  if (!done) goto out;
  if (parameter(request, "delete", id, sizeof id)) done = delete_many(with, request, body);
  else if (!strchr(request->path + 1, '/')) done = refuse(with, request, "501 Not Implemented", "NotImplemented");
  else if (parameter(request, "uploads", id, sizeof id)) done = create_upload(with, request);
  else if (parameter(request, "uploadId", id, sizeof id)) done = complete_upload(with, request, id);
  else done = refuse(with, request, "501 Not Implemented", "NotImplemented");
out:
  free(body);
  return done;
}

/* GET and HEAD of an object. */
static int get(struct connection *with, const struct request *request) {
  char value[256], fields[2048], etag[32];
  char *kept = NULL;
  pthread_mutex_lock(&lock);
  struct object object = *slot_of(request->path);
  if (object.serial && object.kept) {
    kept = malloc((size_t)object.size + 1);
    memcpy(kept, object.kept, (size_t)object.size);
  }
  pthread_mutex_unlock(&lock);
  if (!object.serial) return refuse(with, request, "404 Not Found", "NoSuchKey");

  int done;
  snprintf(etag, sizeof etag, "\"%08x-1\"", object.serial);
  if (header(request, "if-match", value, sizeof value) && strcmp(value, etag) != 0) {
    done = refuse(with, request, "412 Precondition Failed", "PreconditionFailed");
    goto out;
  }
  long long from = 0, to = object.size - 1;
  int is_range = header(request, "range", value, sizeof value) != NULL;
  if (is_range) {
    if (sscanf(value, "bytes=%lld-%lld", &from, &to) < 1 || from >= object.size) {
      done = refuse(with, request, "416 Range Not Satisfiable", "InvalidRange");
      goto out;
    }
    if (from < 0) from = object.size + from < 0 ? 0 : object.size + from, to = object.size - 1;
    if (to >= object.size) to = object.size - 1;
  }
  int at = append(fields, 0, sizeof fields,
                  "ETag: %s\r\nAccept-Ranges: bytes\r\nContent-Type: application/octet-stream\r\n"
                  "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n",
                  etag);
  if (is_range)
    at = append(fields, at, sizeof fields, "Content-Range: bytes %lld-%lld/%lld\r\n", from, to, object.size);
  if (header(request, "x-amz-checksum-mode", value, sizeof value))
    at = append_checksum(fields, at, sizeof fields, object.crc32);
  append_echo(fields, at, sizeof fields, request);
  done = answer(with, is_range ? "206 Partial Content" : "200 OK", fields, NULL, to - from + 1);
  if (strcmp(request->method, "HEAD") == 0) goto out;
  if (kept) {
    done = done && write_all(with, kept + from, (size_t)(to - from + 1));
    goto out;
  }
  while (done && from <= to) {
    size_t offset = (size_t)(from % (long long)pattern_size);
    size_t piece = pattern_size - offset;
    if (piece > BLOCK) piece = BLOCK;
    if ((long long)piece > to - from + 1) piece = (size_t)(to - from + 1);
    done = write_all(with, pattern + offset, piece);
    from += (long long)piece;
  }
out:
  free(kept);
  return done;
}

/* ListObjects, versions 1 and 2, with prefix and delimiter; the token is the last name of the page before. */
static int list(struct connection *with, const struct request *request) {
  char prefix[1024] = "", after[1024] = "", delimiter[8] = "", value[1024];
  parameter(request, "prefix", prefix, sizeof prefix);
  parameter(request, "delimiter", delimiter, sizeof delimiter);
  if (!parameter(request, "continuation-token", after, sizeof after) &&
      !parameter(request, "marker", after, sizeof after))
    parameter(request, "start-after", after, sizeof after);
  long page = parameter(request, "max-keys", value, sizeof value) ? atol(value) : PAGE;
  if (page <= 0 || page > PAGE) page = PAGE;

  size_t bucket = strcspn(request->path + 1, "/") + 2; /* where a key begins in a path */
  char *body = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&body, &size);
  static struct object *found[SLOTS];
  int count = 0, shown = 0, more = 0;
  char last[1024] = "", group[1024] = "";
  fputs("<?xml version=\"1.0\"?><ListBucketResult>", out);
  pthread_mutex_lock(&lock);
  for (int i = 0; i < SLOTS; i++) {
    struct object *object = &objects[i];
    if (!object->serial || strncmp(object->path + 1, request->path + 1, bucket - 2) != 0) continue;
    const char *key = object->path + bucket;
    if (strncmp(key, prefix, strlen(prefix)) == 0 && strcmp(key, after) > 0) found[count++] = object;
  }
  qsort(found, (size_t)count, sizeof *found, by_path);
  for (int i = 0; i < count; i++) {
    const char *key = found[i]->path + bucket;
    const char *end = *delimiter ? strstr(key + strlen(prefix), delimiter) : NULL;
    if (end && *group && strncmp(key, group, strlen(group)) == 0) continue;
    if (shown == page) {
      more = 1;
      break;
    }
    shown++;
    snprintf(last, sizeof last, "%s", key);
    if (end) {
      snprintf(group, sizeof group, "%.*s", (int)(end + strlen(delimiter) - key), key);
      snprintf(last, sizeof last, "%s\x7f", group);
      fprintf(out, "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>", group);
    } else {
      fprintf(out,
              "<Contents><Key>%s</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
              "<ETag>&quot;%08x-1&quot;</ETag><Size>%lld</Size><StorageClass>STANDARD</StorageClass></Contents>",
              key, found[i]->serial, found[i]->size);
    }
  }
  pthread_mutex_unlock(&lock);
  fprintf(out, "<Prefix>%s</Prefix><KeyCount>%d</KeyCount><MaxKeys>%ld</MaxKeys>", prefix, shown, page);
  fprintf(out, "<IsTruncated>%s</IsTruncated>", more ? "true" : "false");
  if (more)
    fprintf(out, "<NextContinuationToken>%s</NextContinuationToken><NextMarker>%s</NextMarker>", last, last);
  fputs("</ListBucketResult>", out);
  fclose(out);
  int done = answer_xml(with, "200 OK", "", body);
  free(body);
  return done;
}

static int respond(struct connection *with, const struct request *request) {
  char value[64];
  char *slash = strchr(request->path + 1, '/');
  int is_bucket = !slash || !slash[1];
  if (slash && !slash[1]) *slash = 0;
  if (header(request, "transfer-encoding", value, sizeof value)) {
    refuse(with, request, "411 Length Required", "MissingContentLength");
    return 0;
  }
  if (header(request, "expect", value, sizeof value) && !write_all(with, "HTTP/1.1 100 Continue\r\n\r\n", 25))
    return 0;
  if (strcmp(request->method, "POST") == 0) return post(with, request);
  if (strcmp(request->method, "PUT") == 0 && !is_bucket) return put(with, request);
  if (!read_body(with, request, NULL)) return 0;
  if (strcmp(request->method, "DELETE") == 0) {
    if (!is_bucket && !parameter(request, "uploadId", value, sizeof value)) {
      pthread_mutex_lock(&lock);
      forget(request->path);
      pthread_mutex_unlock(&lock);
    }
    return answer(with, "204 No Content", "", NULL, 0);
  }
  if (strcmp(request->method, "PUT") == 0) return answer(with, "200 OK", "", NULL, 0);
  int is_head = strcmp(request->method, "HEAD") == 0;
  if (!is_head && strcmp(request->method, "GET") != 0)
    return refuse(with, request, "501 Not Implemented", "NotImplemented");
  if (!is_bucket) {
    if (!is_head && parameter(request, "uploadId", value, sizeof value))
      return answer_xml(with, "200 OK", "",
                        "<?xml version=\"1.0\"?><ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>");
    return get(with, request);
  }
  if (is_head) return answer(with, "200 OK", "", NULL, 0);
  if (parameter(request, "uploads", value, sizeof value))
    return answer_xml(with, "200 OK", "",
                      "<?xml version=\"1.0\"?><ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
                      "</ListMultipartUploadsResult>");
  if (parameter(request, "versioning", value, sizeof value))
    return answer_xml(with, "200 OK", "", "<?xml version=\"1.0\"?><VersioningConfiguration/>");
  if (parameter(request, "location", value, sizeof value))
    return answer_xml(with, "200 OK", "", "<?xml version=\"1.0\"?><LocationConstraint/>");
  return list(with, request);
}

/* ---- connections ------------------------------------------------------------------------------------- */

static int next_request(struct connection *from, struct request *request, char *head) {
  char *end;
  from->buffer[from->filled] = 0;
  while (!(end = strstr(from->buffer, "\r\n\r\n"))) {
    if (from->filled == HEAD_MAX) return 0;
    int got = SSL_read(from->ssl, from->buffer + from->filled, (int)(HEAD_MAX - from->filled));
    if (got <= 0) return 0;
    from->filled += (size_t)got;
    from->buffer[from->filled] = 0;
  }
  request->head_size = (size_t)(end + 4 - from->buffer);
  memcpy(head, from->buffer, request->head_size);
  head[request->head_size - 2] = 0; /* the last header keeps its line's end */

  char *line = strstr(head, "\r\n");
  *line = 0;
  request->headers = line + 2;
  char *state;
  request->method = strtok_r(head, " ", &state);
  request->path = strtok_r(NULL, " ", &state);
  if (!request->method || !request->path || *request->path != '/') return 0;
  request->query = strchr(request->path, '?');
  if (request->query) *request->query++ = 0;
  char value[32];
  request->length = header(request, "content-length", value, sizeof value) ? atoll(value) : 0;
  return request->length >= 0;
}

static void *serve(void *argument) {
  int socket = (int)(long)argument, on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct connection *with = malloc(sizeof *with);
  char *head = malloc(HEAD_MAX + 1);
  with->filled = 0;
  with->ssl = SSL_new(tls);
  SSL_set_fd(with->ssl, socket);
  if (SSL_accept(with->ssl) == 1) {
    struct request request;
    char value[32];
    while (next_request(with, &request, head) && respond(with, &request)) {
      if (header(&request, "connection", value, sizeof value) && strcasecmp(value, "close") == 0) break;
    }
    SSL_shutdown(with->ssl);
  }
  SSL_free(with->ssl);
  close(socket);
  free(head);
  free(with);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 4) {
    fprintf(stderr, "usage: wire CERTIFICATE KEY PATTERN\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int file = open(arguments[3], O_RDONLY);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    perror(arguments[3]);
    return 1;
  }
  pattern_size = (size_t)status.st_size;
  pattern = mmap(NULL, pattern_size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  tls = SSL_CTX_new(TLS_server_method());
  if (pattern == MAP_FAILED || SSL_CTX_use_certificate_chain_file(tls, arguments[1]) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls, arguments[2], SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    return 1;
  }
  SSL_CTX_set_read_ahead(tls, 1); /* many records a read */
  SSL_CTX_set_default_read_buffer_len(tls, BLOCK);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 128) != 0 ||
      getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
    perror("wire");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);

  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  for (;;) {
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    pthread_t thread;
    if (socket >= 0 && pthread_create(&thread, &detached, serve, (void *)(long)socket) != 0) close(socket);
  }
}
