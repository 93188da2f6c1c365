#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

/* A digest that fails has no safe value to go on with: OpenSSL is out of memory,
 * or was built or set up without the algorithm. */
static void must(bool done)
{
    static const char line[] = "nudged: the system's cryptography refused a digest\n";
    if (done)
        return;
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    abort();
}

void digest_sha256(const void *bytes, size_t length, unsigned char out[DIGEST_SIZE])
{
    must(EVP_Digest(bytes, length, out, NULL, EVP_sha256(), NULL) == 1);
}

void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 unsigned char out[DIGEST_SIZE])
{
    /* An empty key may come as NULL, which HMAC() takes for "the key of before". */
    const void *real_key = key_length ? key : "";
    unsigned int written = 0;
    must(key_length <= INT32_MAX &&
         HMAC(EVP_sha256(), real_key, (int)key_length, bytes, length, out, &written) &&
         written == DIGEST_SIZE);
}

void digest_sha1_hex(const void *bytes, size_t length, char out[41])
{
    unsigned char digest[20];
    must(EVP_Digest(bytes, length, digest, NULL, EVP_sha1(), NULL) == 1);
    digest_hex(digest, sizeof digest, out);
}

void digest_hex(const unsigned char *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

size_t digest_base64url(const unsigned char *bytes, size_t length, char *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char *at = out;
    uint32_t pending = 0; /* bits not yet written, below `bits` */
    unsigned bits = 0;
    for (size_t i = 0; i < length; i++) {
        pending = pending << 8 | bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            *at++ = letters[pending >> (bits - 6) & 63];
    }
    if (bits)
        *at++ = letters[pending << (6 - bits) & 63];
    *at = '\0';
    return (size_t)(at - out);
}

bool digest_equal(const unsigned char *a, const unsigned char *b, size_t length)
{
    return CRYPTO_memcmp(a, b, length) == 0;
}

void digest_random(void *out, size_t length)
{
    unsigned char *at = out;
    while (length > 0) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0) {
            must(errno == EINTR);
            continue;
        }
        at += got;
        length -= (size_t)got;
    }
}

uint64_t digest_spread(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * 0x100000001b3;
    /* FNV leaves the high bits of short keys nearly alike: the finaliser of MurmurHash3. */
    hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccd;
    hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53;
    return hash ^ hash >> 33;
}
