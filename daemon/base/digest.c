#include "base/digest.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/mem.h"

/* A digest that fails has no safe value to go on with: OpenSSL is out of memory,
 * or was built or set up without the algorithm. */
static void must(bool done)
{
    static const char line[] = "nudged: the system's cryptography refused a digest: it is out of "
                               "memory, or has no SHA-256\n";
    if (done)
        return;
    ssize_t ignored = write(STDERR_FILENO, line, sizeof line - 1);
    (void)ignored;
    _exit(EX_OSERR);
}

static EVP_MD *sha256;

static void fetch_sha256(void)
{
    /* Without memory for it OpenSSL 3.0 would go on with one that is not there. */
    if (!OSSL_LIB_CTX_get0_global_default())
        mem_exhausted();
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    must(sha256 != NULL);
}

/* Looked up once: OpenSSL's own search for an algorithm costs more than a short digest. */
static const EVP_MD *get_sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fetch_sha256);
    return sha256;
}

void digest_sha256(const void *bytes, size_t length, unsigned char out[DIGEST_SIZE])
{
    must(EVP_Digest(bytes, length, out, NULL, get_sha256(), NULL) == 1);
}

enum { BLOCK_SIZE = 64 }; /* of SHA-256 */

/* SHA-256 of the key, each byte of it xor `pad`, and then the bytes. */
static void hash_padded(EVP_MD_CTX *context, const unsigned char key[BLOCK_SIZE], unsigned char pad,
                        const void *bytes, size_t length, unsigned char out[DIGEST_SIZE])
{
    unsigned char padded[BLOCK_SIZE];
    for (size_t i = 0; i < BLOCK_SIZE; i++)
        padded[i] = key[i] ^ pad;
    must(EVP_DigestInit_ex(context, get_sha256(), NULL) == 1 &&
         EVP_DigestUpdate(context, padded, BLOCK_SIZE) == 1 &&
         EVP_DigestUpdate(context, bytes, length) == 1 &&
         EVP_DigestFinal_ex(context, out, NULL) == 1);
    OPENSSL_cleanse(padded, sizeof padded);
}

/* By hand: HMAC() looks its parts up anew at each call, which takes four times as long. */
void digest_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
                 unsigned char out[DIGEST_SIZE])
{
    unsigned char block[BLOCK_SIZE] = {0};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context)
        mem_exhausted();
    if (key_length > BLOCK_SIZE)
        digest_sha256(key, key_length, block);
    else if (key_length)
        memcpy(block, key, key_length);
    hash_padded(context, block, 0x36, bytes, length, out);
    hash_padded(context, block, 0x5c, out, DIGEST_SIZE, out);
    OPENSSL_cleanse(block, sizeof block);
    EVP_MD_CTX_free(context);
}

void digest_sha1_hex(const void *bytes, size_t length, char out[41])
{
    unsigned char digest[20];
    must(EVP_Digest(bytes, length, digest, NULL, EVP_sha1(), NULL) == 1);
    digest_hex(digest, sizeof digest, out);
}

/* The digits of four bytes at once: each half of a byte becomes one, and those above 9 letters. */
static void put_four(const unsigned char *bytes, char *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t four = (uint64_t)bytes[0] | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 32 |
                    (uint64_t)bytes[3] << 48;
    uint64_t halves =
        (four >> 4 & UINT64_C(0x000f000f000f000f)) | (four & UINT64_C(0x000f000f000f000f)) << 8;
    uint64_t letters = (halves + ones * 6) >> 4 & ones;
    halves += ones * '0' + letters * ('a' - '0' - 10);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        halves = __builtin_bswap64(halves);
    memcpy(out, &halves, sizeof halves);
}

void digest_hex(const unsigned char *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t i = 0;
    for (; length - i >= 4; i += 4, out += 8)
        put_four(bytes + i, out);
    for (; i < length; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
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
