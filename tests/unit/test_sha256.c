/* SHA-256 against FIPS 180-2, appendix B, and sha256sum. */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"

static void test_sha256(void **state)
{
    /* So many letters 'a': the sizes around a block's border are among them. */
    static const struct {
        size_t len;
        const char *hex;
    } fill[] = {
        {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    };
    cleanup_free char *text = malloc(1000000);
    char hex[SHA256_HEX + 1];

    (void)state;
    memset(text, 'a', 1000000);
    for (size_t i = 0; i < ARRAY_SIZE(fill); i++) {
        sha256_hex(text, fill[i].len, hex);
        assert_string_equal(hex, fill[i].hex);
    }
    sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sha256)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
