#include "web/sns.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/base64.h"
#include "web/signature_verify.h"
#include "web/sns_url.h"

enum { CERTIFICATE_MOST = 16 * 1024, SIGNATURE_TEXT_MOST = 2048 };

/* ---- Reading ---- */

static const char *const kinds[] = {[SNS_NOTIFICATION] = "Notification",
                                    [SNS_SUBSCRIPTION] = "SubscriptionConfirmation",
                                    [SNS_UNSUBSCRIPTION] = "UnsubscribeConfirmation"};

static const char *text_of(struct arena *arena, const struct value *body, const char *name)
{
    const char *text = value_to_text(arena, value_get(body, name));
    return text ? text : "";
}

static bool read_kind(const struct value *body, enum sns_kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        *kind = (enum sns_kind)i;
        if (value_is_text(value_get(body, "Type"), kinds[i]))
            return true;
    }
    return false;
}

bool sns_read(const struct hook_delivery *delivery, struct arena *arena,
              struct sns_message *message)
{
    struct value body;
    if (!hook_delivery_body(delivery, arena, &body, NULL) || !value_is(&body, VALUE_MAP) ||
        !read_kind(&body, &message->kind))
        return false;
    message->topic = text_of(arena, &body, "TopicArn");
    message->id = text_of(arena, &body, "MessageId");
    message->time = text_of(arena, &body, "Timestamp");
    message->message = text_of(arena, &body, "Message");
    message->subject = text_of(arena, &body, "Subject");
    message->token = text_of(arena, &body, "Token");
    message->subscribe_url = text_of(arena, &body, "SubscribeURL");
    message->certificate_url = text_of(arena, &body, "SigningCertURL");
    message->signature = text_of(arena, &body, "Signature");
    const char *version = text_of(arena, &body, "SignatureVersion");
    message->version = strcmp(version, "1") == 0 ? 1 : strcmp(version, "2") == 0 ? 2 : 0;
    return true;
}

/* ---- The signature ---- */

static void put(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s\n", name);
    buf_text(out, value);
    buf_char(out, '\n');
}

/* What was signed: names and values on lines, in the order of the names. */
static void put_signed(struct buf *out, const struct sns_message *message)
{
    bool notice = message->kind == SNS_NOTIFICATION;
    put(out, "Message", message->message);
    put(out, "MessageId", message->id);
    if (notice && *message->subject)
        put(out, "Subject", message->subject);
    if (!notice)
        put(out, "SubscribeURL", message->subscribe_url);
    put(out, "Timestamp", message->time);
    if (!notice)
        put(out, "Token", message->token);
    put(out, "TopicArn", message->topic);
    put(out, "Type", kinds[message->kind]);
}

static EVP_PKEY *key_of(struct slice certificate)
{
    if (!certificate.length || certificate.length > CERTIFICATE_MOST)
        return NULL;
    BIO *from = BIO_new_mem_buf(certificate.text, (int)certificate.length);
    X509 *read = PEM_read_bio_X509(from, NULL, NULL, NULL);
    EVP_PKEY *key = read ? X509_get_pubkey(read) : NULL;
    X509_free(read);
    BIO_free(from);
    return key;
}

bool sns_is_signed(const struct sns_message *message, struct slice certificate, struct arena *arena)
{
    size_t length = strlen(message->signature), size;
    unsigned char *signature = arena_alloc(arena, length + 4);
    if (!message->version || length > SIGNATURE_TEXT_MOST ||
        !base64_decode(message->signature, length, BASE64_STANDARD | BASE64_PADDED, signature,
                       &size))
        return false;
    struct buf text;
    buf_init(&text, 1024 * 1024);
    put_signed(&text, message);
    EVP_PKEY *key = key_of(certificate);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const EVP_MD *hash = message->version == 2 ? EVP_sha256() : EVP_sha1();
    bool good = !text.full && key && context && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
                EVP_DigestVerifyInit(context, NULL, hash, NULL, key) == 1 &&
                EVP_DigestVerify(context, signature, size, (const unsigned char *)text.data,
                                 text.length) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    buf_free(&text);
    return good;
}

/* ---- As a scheme ---- */

static bool is_ours(const struct signature_check *check, const char *topic)
{
    for (const char *const *own = check->topics; own && *own; own++)
        if (strcmp(*own, topic) == 0)
            return true;
    return false;
}

/* Of a topic that nobody configured nothing is fetched: whoever writes such a message would choose
 * the region. */
enum signature_verdict signature_sns(struct signature_check *check)
{
    struct sns_message message;
    if (!sns_read(check->delivery, check->arena, &message) || !*message.signature)
        return SIGNATURE_MISSING;
    if (!is_ours(check, message.topic) ||
        !sns_url_is_certificate(message.certificate_url, message.topic))
        return SIGNATURE_WRONG;
    if (!check->certificate.text) {
        check->certificate_url = message.certificate_url;
        return SIGNATURE_CERTIFICATE;
    }
    return sns_is_signed(&message, check->certificate, check->arena) ? SIGNATURE_GOOD
                                                                     : SIGNATURE_WRONG;
}
