/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints one format header as a Java class: offset of every field, size of every record, value of every constant.
 *
 * Method: the Makefile compiles this file once per header. LAYOUT_LIST holds a line STRUCT(type, fields) for each
 * field list macro and CONSTANT(name) for each other macro of the header, as the preprocessor listed them; what they
 * are worth is then the compiler's own answer, so Java owns no second copy that could differ.
 * Rules to keep: a field list names every byte of its struct (asserted below), and all output is in header order,
 * so that the same header gives the same bytes.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include LAYOUT_HEADER

/* A field list must cover its struct: padding is a field too, named reserved. */
#define FIELD_SIZE(field) +sizeof(((layout_type *)0)->field)
#define CONSTANT(name)
#define NUMBERS(name)
#define STRUCT(type, fields) \
    static inline void layout_check_##type(void) \
    { \
        typedef struct type layout_type; \
        _Static_assert(0 fields(FIELD_SIZE) == sizeof(layout_type), #fields " misses a field of struct " #type); \
    }
#include LAYOUT_LIST
#undef STRUCT
#undef NUMBERS
#undef CONSTANT

static void print_upper(const char *name)
{
    for (; *name != '\0'; name++)
        putchar(toupper((unsigned char)*name));
}

/* signal_action -> SignalAction */
static void print_camel(const char *name)
{
    bool start = true;

    for (; *name != '\0'; name++) {
        if (*name == '_') {
            start = true;
            continue;
        }
        putchar(start ? toupper((unsigned char)*name) : *name);
        start = false;
    }
}

static const char *without_prefix(const char *name)
{
    return name + strlen(LAYOUT_PREFIX);
}

static void print_field(const char *name, size_t offset, size_t size)
{
    bool is_number = size == 1 || size == 2 || size == 4 || size == 8;

    printf("        public static final int ");
    print_upper(name);
    printf(" = %zu;\n", offset);
    if (!is_number) {
        printf("        public static final int ");
        print_upper(name);
        printf("_BYTES = %zu;\n", size);
    }
}

static void begin_struct(const char *type, size_t size)
{
    printf("\n    /** Field offsets in bytes of {@code struct %s}. */\n    public static final class ", type);
    print_camel(without_prefix(type));
    printf(" {\n        public static final int SIZE_BYTES = %zu;\n", size);
}

static void end_struct(const char *type)
{
    printf("\n        private ");
    print_camel(without_prefix(type));
    printf("() {}\n    }\n");
}

static void print_text(const char *name, const char *value)
{
    printf("    /** {@code %s}. */\n    public static final java.lang.String %s = \"%s\";\n", name, without_prefix(name), value);
}

/* 32-bit constants become Java ints with the same bits, 64-bit ones longs. */
static void print_number(const char *name, uint64_t value, size_t size)
{
    printf("    /** {@code %s}. */\n    public static final ", name);
    if (size <= sizeof(int32_t))
        printf("int %s = 0x%" PRIx32 ";\n", without_prefix(name), (uint32_t)value);
    else
        printf("long %s = 0x%" PRIx64 "L;\n", without_prefix(name), value);
}

#define IS_TEXT(value) _Generic((value), char *: true, const char *: true, default: false)
#define AS_TEXT(value) _Generic((value), char *: (value), const char *: (value), default: "")
#define AS_NUMBER(value) ((uint64_t) _Generic((value), char *: 0, const char *: 0, default: (value)))

/* A list macro F(1) F(2); not every header has one. */
static inline void print_numbers(const char *name, const int *numbers, size_t count)
{
    printf("    /** {@code %s}. */\n    public static final java.util.List<java.lang.Integer> %s =\n            java.util.List.of(", name,
           without_prefix(name));
    for (size_t i = 0; i < count; i++)
        printf("%s%d", i == 0 ? "" : ", ", numbers[i]);
    printf(");\n");
}

static void print_constants(void)
{
#define STRUCT(type, fields)
#define NUMBER(number) (number),
#define NUMBERS(name) \
    { \
        static const int numbers[] = {name(NUMBER)}; \
        print_numbers(#name, numbers, sizeof(numbers) / sizeof(numbers[0])); \
    }
#define CONSTANT(name) \
    if (IS_TEXT(name)) \
        print_text(#name, AS_TEXT(name)); \
    else \
        print_number(#name, AS_NUMBER(name), sizeof(name));
#include LAYOUT_LIST
#undef STRUCT
#undef NUMBERS
#undef CONSTANT
}

static void print_structs(void)
{
#define PRINT_FIELD(field) \
    print_field(#field, offsetof(layout_type, field), sizeof(((layout_type *)0)->field));
#define CONSTANT(name)
#define NUMBERS(name)
#define STRUCT(type, fields) \
    { \
        typedef struct type layout_type; \
        begin_struct(#type, sizeof(layout_type)); \
        fields(PRINT_FIELD) \
        end_struct(#type); \
    }
#include LAYOUT_LIST
#undef STRUCT
#undef NUMBERS
#undef CONSTANT
}

int main(void)
{
    printf("// SPDX-License-Identifier: Apache-2.0\n"
           "package dev.undump.nativestub;\n\n"
           "/** Layout of {@code %s}; generated from it at build time. */\n"
           "public final class %s {\n\n",
           LAYOUT_HEADER, LAYOUT_CLASS);
    print_constants();
    print_structs();
    printf("\n    private %s() {}\n}\n", LAYOUT_CLASS);
    return fflush(stdout) != 0 || ferror(stdout) != 0;
}
