/* Gateway maildir: one file for each mid, whoever delivers it and how often. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

#include "gateway_fixture.h"
#include "server_fixture.h"

#define COUNT(array) (sizeof array / sizeof *(array))

struct rig {
    const char *folder;
    char path[64];
    struct gateway_fixture gateway;
};

static void open_rig(struct rig *rig)
{
    rig->folder = server_fixture_folder();
    snprintf(rig->path, sizeof rig->path, "%s/mail", rig->folder);
    gateway_fixture_open(&rig->gateway, "{\"kind\": \"maildir\", \"path\": \"%s\"}", rig->path);
}

static void close_rig(struct rig *rig)
{
    gateway_fixture_close(&rig->gateway);
    server_fixture_remove(rig->folder);
}

/* Files in a folder of the Maildir. */
static int count(const struct rig *rig, const char *name)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", rig->path, name);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int files = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        files += entry->d_name[0] != '.';
    closedir(folder);
    return files;
}

static void a_mail_becomes_a_file(void **state)
{
    (void)state;
    struct rig rig;
    char path[128];
    open_rig(&rig);
    const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_SENT);
    assert_string_equal(outcome->text, "new/m1.eml");
    snprintf(path, sizeof path, "%s/new/m1.eml", rig.path);
    const char *text;
    size_t length;
    assert_true(file_read(rig.gateway.arena, path, 65536, &text, &length, NULL));
    assert_string_equal(text, "Return-Path: <shop@shop.example>\r\n"
                              "Delivered-To: ana@example.com\r\n"
                              "Subject: hello\r\n\r\nHello\r\n");
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(count(&rig, "tmp"), 0);
    close_rig(&rig);
}

/* In new/, and in cur/ under each name that a reader may have given it. */
static void a_mid_is_delivered_once(void **state)
{
    (void)state;
    static const char *const names[] = {"new/m1.eml", "cur/m1.eml", "cur/m1.eml:2,",
                                        "cur/m1.eml:2,FRS"};
    struct rig rig;
    char from[128], to[128];
    open_rig(&rig);
    gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    snprintf(from, sizeof from, "%s/new/m1.eml", rig.path);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(to, sizeof to, "%s/%s", rig.path, names[i]);
        assert_int_equal(rename(from, to), 0);
        const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
        assert_int_equal(outcome->kind, OUTCOME_SENT);
        assert_int_equal(count(&rig, "new") + count(&rig, "cur"), 1);
        assert_int_equal(count(&rig, "tmp"), 0);
        memcpy(from, to, sizeof from);
    }
    close_rig(&rig);
}

/* Somebody makes cur/ anew, and then it cannot be read: what is there, or may be, comes no second
 * time. */
static void what_may_be_there_waits(void **state)
{
    (void)state;
    struct rig rig;
    char from[128], to[128], cur[128];
    open_rig(&rig);
    gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    snprintf(cur, sizeof cur, "%s/cur", rig.path);
    assert_int_equal(rmdir(cur), 0);
    assert_int_equal(mkdir(cur, 0700), 0);
    snprintf(from, sizeof from, "%s/new/m1.eml", rig.path);
    snprintf(to, sizeof to, "%s/cur/m1.eml:2,S", rig.path);
    assert_int_equal(rename(from, to), 0);
    const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_string_equal(outcome->text, "was there already");
    snprintf(to, sizeof to, "%s/old", rig.path);
    assert_int_equal(rename(cur, to), 0);
    outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_non_null(strstr(outcome->text, "No such file"));
    assert_int_equal(count(&rig, "new"), 0);
    rmdir(cur);
    assert_int_equal(rename(to, cur), 0);
    outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_string_equal(outcome->text, "was there already");
    close_rig(&rig);
}

/* A name that only begins like another's is another's. */
static void mids_that_begin_alike(void **state)
{
    (void)state;
    static const char *const mids[] = {"m1", "m1.eml", "m", "m1.eml.x", "M1"};
    struct rig rig;
    char from[128], to[128];
    open_rig(&rig);
    for (size_t i = 0; i < COUNT(mids); i++) {
        struct outgoing mail = gateway_fixture_mail;
        mail.mid = mids[i];
        assert_int_equal(gateway_fixture_send(&rig.gateway, &mail)->kind, OUTCOME_SENT);
        snprintf(from, sizeof from, "%s/new/%s.eml", rig.path, mids[i]);
        snprintf(to, sizeof to, "%s/cur/%s.eml:2,S", rig.path, mids[i]);
        assert_int_equal(rename(from, to), 0);
    }
    assert_int_equal(count(&rig, "cur"), COUNT(mids));
    close_rig(&rig);
}

static void names_are_guarded(void **state)
{
    (void)state;
    static const char *const mids[] = {"", ".m1", "..", "a/b", "../m1", "a:2,S", "a b", "a\n", "ж"};
    struct rig rig;
    open_rig(&rig);
    for (size_t i = 0; i < COUNT(mids); i++) {
        struct outgoing mail = gateway_fixture_mail;
        mail.mid = mids[i];
        const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &mail);
        if (outcome->kind != OUTCOME_DEAD || !strstr(outcome->text, "id"))
            fail_msg("\"%s\": %s", mids[i], outcome->text);
    }
    struct outgoing mail = gateway_fixture_mail;
    mail.envelope_to = "ana@example.com\r\nBcc: eve@example.com";
    assert_int_equal(gateway_fixture_send(&rig.gateway, &mail)->kind, OUTCOME_DEAD);
    assert_int_equal(access(rig.path, F_OK), -1); /* none of them even made the folder */
    close_rig(&rig);
}

/* Where it goes is no mail address: whatever is one line. */
static void another_channel(void **state)
{
    (void)state;
    static const struct {
        const char *mid, *to;
        bool taken;
    } cases[] = {
        {"m1", "+40 721 <1>", true}, {"m2", "token", true},           {"m3", "@", true},
        {"m4", "", false},           {"m5", "+4\r\nBcc: eve", false}, {"m6", "\xff", false}};
    struct rig rig;
    open_rig(&rig);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct outgoing text = gateway_fixture_mail;
        text.mid = cases[i].mid;
        text.channel = "sms";
        text.mail = false;
        text.envelope_from = "";
        text.envelope_to = cases[i].to;
        const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &text);
        assert_int_equal(outcome->kind, cases[i].taken ? OUTCOME_SENT : OUTCOME_DEAD);
    }
    assert_int_equal(count(&rig, "new"), 3);
    const char *text;
    size_t length;
    char path[128];
    snprintf(path, sizeof path, "%s/new/m1.eml", rig.path);
    assert_true(file_read(rig.gateway.arena, path, 65536, &text, &length, NULL));
    assert_non_null(strstr(text, "Delivered-To: +40 721 <1>\r\n"));
    close_rig(&rig);
}

/* Troubles of the machine are the gateway's fault, and it goes on when they are over. */
static void a_folder_in_the_way(void **state)
{
    (void)state;
    struct rig rig;
    char path[128];
    open_rig(&rig);
    close(open(rig.path, O_CREAT | O_WRONLY, 0600));
    const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_non_null(strstr(outcome->text, "Not a directory"));
    unlink(rig.path);
    assert_int_equal(gateway_fixture_send(&rig.gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);

    /* The folder is taken away under it. */
    snprintf(path, sizeof path, "%s/new/m1.eml", rig.path);
    unlink(path);
    static const char *const folders[] = {"new", "cur", "tmp", ""};
    for (size_t i = 0; i < COUNT(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", rig.path, folders[i]);
        assert_int_equal(rmdir(path), 0);
    }
    outcome = gateway_fixture_send(&rig.gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_int_equal(gateway_fixture_send(&rig.gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
    assert_int_equal(count(&rig, "new"), 1);
    close_rig(&rig);
}

/* A write that the system refuses in the middle, as on a full disk: nothing of it stays. */
static void a_write_that_fails(void **state)
{
    (void)state;
    struct rig rig;
    struct rlimit before, small;
    open_rig(&rig);
    assert_int_equal(gateway_fixture_send(&rig.gateway, &gateway_fixture_mail)->kind, OUTCOME_SENT);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 80;
    setrlimit(RLIMIT_FSIZE, &small);
    struct outgoing mail = gateway_fixture_mail;
    mail.mid = "m2";
    const struct outcome *outcome = gateway_fixture_send(&rig.gateway, &mail);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_non_null(strstr(outcome->text, "File too large"));
    assert_int_equal(count(&rig, "new"), 1);
    assert_int_equal(count(&rig, "tmp"), 0);
    assert_int_equal(gateway_fixture_send(&rig.gateway, &mail)->kind, OUTCOME_SENT);
    assert_int_equal(count(&rig, "new"), 2);
    close_rig(&rig);
}

static void a_path_without_its_parent(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    gateway_fixture_open(&gateway, "{\"kind\": \"maildir\", \"path\": \"/nowhere/at/all\"}");
    const struct outcome *outcome = gateway_fixture_send(&gateway, &gateway_fixture_mail);
    assert_int_equal(outcome->kind, OUTCOME_GATEWAY_FAULT);
    assert_string_equal(outcome->text, "/nowhere/at/all: No such file or directory");
    gateway_fixture_close(&gateway);
}

static void a_path_is_needed(void **state)
{
    (void)state;
    struct gateway_fixture gateway;
    gateway_fixture_read(&gateway, "{\"kind\": \"maildir\"}");
    assert_null(gateway.kind);
    assert_non_null(strstr(gateway.diags.items[0].text, "path"));
    gateway_fixture_close(&gateway);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mail_becomes_a_file),     cmocka_unit_test(a_mid_is_delivered_once),
        cmocka_unit_test(mids_that_begin_alike),     cmocka_unit_test(names_are_guarded),
        cmocka_unit_test(another_channel),           cmocka_unit_test(a_folder_in_the_way),
        cmocka_unit_test(a_path_without_its_parent), cmocka_unit_test(a_write_that_fails),
        cmocka_unit_test(a_path_is_needed),          cmocka_unit_test(what_may_be_there_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
