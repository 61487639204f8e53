/* Values of annotations org.systemd.property.NAME. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "unit_print.h"

static void check(const char *name, const char *text, const char *want)
{
    cleanup_unit_properties struct unit_properties props = {0};
    cleanup_err struct lxcdriver_error *err = NULL;
    cleanup_free char *got = NULL;
    int rc = unit_add_text(&props, name, text, &err);

    got = rc < 0 ? str_printf("%s", err_message(err)) : print_properties(&props);
    print_message("%s = %s\n", name, text);
    assert_string_equal(got, want);
    assert_true(rc == 0 ? !err : !!err);
}

static void value(const char *text, const char *want)
{
    cleanup_free char *line = str_printf("Name %s\n", want);

    check("Name", text, line);
}

static void refused(const char *text, const char *want)
{
    check("Name", text, want);
}

static void test_strings(void **state)
{
    (void)state;
    value("'inactive-or-failed'", "s \"inactive-or-failed\"");
    value("\"it's\"", "s \"it's\"");
    value("''", "s \"\"");
    value(" 'a' ", "s \"a\"");
    value("'a\\'\\\\\\\"\\q'", "s \"a'\\\"q\"");
    value("'\\a\\b\\f\\n\\r\\t\\v'", "s \"\a\b\f\n\r\t\v\"");
    value("'\\u0041\\u00e9\\u20ac\\U0001f600'", "s \"A\u00e9\u20ac\U0001f600\"");
    value("objectpath '/a/b'", "o \"/a/b\"");
    value("signature 'as'", "g \"as\"");
    value("@s 'a'", "s \"a\"");
    refused("'a", "a closing quotation mark is expected at \"\"");
    refused("'a\\", "a closing quotation mark is expected at \"\"");
    refused("'\\u004'", "a character's number in hexadecimal is expected at \"u004'\"");
    refused("'\\u0000'", "the number of a character is expected at \"u0000'\"");
    refused("'\\ud800'", "the number of a character is expected at \"ud800'\"");
    refused("'\\U00110000'", "the number of a character is expected at \"U00110000'\"");
}

static void test_numbers(void **state)
{
    (void)state;
    value("5", "i 5");
    value("-5", "i -5");
    value("+5", "i 5");
    value("0x1f", "i 31");
    value("010", "i 8");
    value("uint64 123456789", "t 123456789");
    value("uint64 18446744073709551615", "t 18446744073709551615");
    value("int64 -9223372036854775808", "x -9223372036854775808");
    value("byte 255", "y 255");
    value("int16 -32768", "n -32768");
    value("uint16 65535", "q 65535");
    value("int32 -2147483648", "i -2147483648");
    value("uint32 4294967295", "u 4294967295");
    value("@t 7", "t 7");
    value("1.5", "d 1.5");
    value("-1e3", "d -1000");
    value("double 3", "d 3");
    refused("2147483648", "a number that its type can hold is expected at \"2147483648\"");
    refused("-2147483649", "a number that its type can hold is expected at \"-2147483649\"");
    refused("byte 256", "a number that its type can hold is expected at \"256\"");
    refused("uint64 -1", "a number that its type can hold is expected at \"-1\"");
    refused("uint64 18446744073709551616",
            "a number that its type can hold is expected at \"18446744073709551616\"");
    refused("uint32 1.5", "a whole number is expected at \"1.5\"");
    refused("1x", "a whole number is expected at \"1x\"");
    refused("--1", "a whole number is expected at \"--1\"");
    refused("double 1e999", "a number is expected at \"1e999\"");
    refused("", "a whole number is expected at \"\"");
    refused("word", "a whole number is expected at \"word\"");
}

static void test_booleans(void **state)
{
    (void)state;
    value("true", "b true");
    value("false", "b false");
    value("boolean true", "b true");
    refused("boolean 1", "true or false is expected at \"1\"");
    refused("true false", "the end of the value is expected at \"false\"");
}

static void test_arrays(void **state)
{
    (void)state;
    value("['a', 'b']", "as s:[ \"a\" \"b\" ]");
    value("[ 'sockets.target' ]", "as s:[ \"sockets.target\" ]");
    value("@as []", "as s:[ ]");
    value("[uint32 1, 2]", "au u:[ 1 2 ]");
    value("@ay [0x01, 2]", "ay y:[ 1 2 ]");
    value("[['a'], ['b', 'c']]", "aas as:[ s:[ \"a\" ] s:[ \"b\" \"c\" ] ]");
    value("[('a', uint64 1), ('b', 2)]", "a(st) (st):[ st:( \"a\" 1 ) st:( \"b\" 2 ) ]");
    value("@a(ss) [('/dev/null', 'rw')]", "a(ss) (ss):[ ss:( \"/dev/null\" \"rw\" ) ]");
    refused("[]", "an array with a type or an element is expected at \"\"");
    refused("['a' 'b']", "a comma is expected at \"'b']\"");
    refused("['a', 1]", "a value of the type is expected at \"1]\"");
    refused("['a'", "a comma is expected at \"\"");
    refused("[1, uint64 2]", "a value of the type is expected at \"2]\"");
    refused("@s []", "a value of the type is expected at \"[]\"");
    refused("@a{sv} []", "a type that properties have is expected at \"@a{sv} []\"");
    refused("@v 1", "a type that properties have is expected at \"@v 1\"");
    refused("[[[[[[[[[1]]]]]]]]]", "a value that is less deep is expected at \"[1]]]]]]]]]\"");
    refused("()", "another element is expected at \"\"");
    refused("@(ss) ('a')", "another element is expected at \"\"");
    refused("@(s) ('a', 'b')", "the end of the tuple is expected at \"'b')\"");
    refused("{'a': 1}", "a whole number is expected at \"{'a': 1}\"");
}

static void test_names(void **state)
{
    (void)state;
    check("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec t 5\n");
    check("ab", "1", "\"ab\" is not the name of a property");
    check("", "1", "\"\" is not the name of a property");
    check("Ab-c", "1", "\"Ab-c\" is not the name of a property");
    check("Abc1", "1", "\"Abc1\" is not the name of a property");
}

static void test_seconds(void **state)
{
    (void)state;
    check("TimeoutStopSec", "90", "TimeoutStopUSec t 90000000\n");
    check("TimeoutStopSec", "uint64 3", "TimeoutStopUSec t 3000000\n");
    check("TimeoutStopSec", "1.5", "TimeoutStopUSec t 1500000\n");
    check("TimeoutStopSec", "byte 2", "TimeoutStopUSec t 2000000\n");
    check("CPUQuotaPerSec", "1", "CPUQuotaPerUSec t 1000000\n");
    check("TimeoutStopSec", "'90s'", "a number of seconds is expected");
    check("TimeoutStopSec", "[1]", "a number of seconds is expected");
    check("TimeoutStopSec", "-1", "-1 seconds are out of range");
    check("TimeoutStopSec", "uint64 18446744073709551615",
          "18446744073709551616 seconds are out of range");
    check("XSec", "'kept'", "XSec s \"kept\"\n");
    check("Sec", "1", "Sec i 1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_booleans), cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_names),    cmocka_unit_test(test_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
