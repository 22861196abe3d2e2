// SPDX-License-Identifier: Apache-2.0
#include "restore/text.h"

struct error_text {
    int32_t number;
    char name[16];
    char words[44];
};

/* Fixed arrays, no pointers: the stub is loaded anywhere and nobody relocates it. Words as strerror(3) has them. */
static const struct error_text error_texts[] = {
    {1, "EPERM", "Operation not permitted"},
    {2, "ENOENT", "No such file or directory"},
    {3, "ESRCH", "No such process"},
    {4, "EINTR", "Interrupted system call"},
    {5, "EIO", "Input/output error"},
    {6, "ENXIO", "No such device or address"},
    {7, "E2BIG", "Argument list too long"},
    {9, "EBADF", "Bad file descriptor"},
    {11, "EAGAIN", "Resource temporarily unavailable"},
    {12, "ENOMEM", "Cannot allocate memory"},
    {13, "EACCES", "Permission denied"},
    {14, "EFAULT", "Bad address"},
    {16, "EBUSY", "Device or resource busy"},
    {17, "EEXIST", "File exists"},
    {19, "ENODEV", "No such device"},
    {20, "ENOTDIR", "Not a directory"},
    {21, "EISDIR", "Is a directory"},
    {22, "EINVAL", "Invalid argument"},
    {23, "ENFILE", "Too many open files in system"},
    {24, "EMFILE", "Too many open files"},
    {25, "ENOTTY", "Inappropriate ioctl for device"},
    {26, "ETXTBSY", "Text file busy"},
    {27, "EFBIG", "File too large"},
    {28, "ENOSPC", "No space left on device"},
    {29, "ESPIPE", "Illegal seek"},
    {30, "EROFS", "Read-only file system"},
    {32, "EPIPE", "Broken pipe"},
    {36, "ENAMETOOLONG", "File name too long"},
    {38, "ENOSYS", "Function not implemented"},
    {40, "ELOOP", "Too many levels of symbolic links"},
    {75, "EOVERFLOW", "Value too large for defined data type"},
    {91, "EPROTOTYPE", "Protocol wrong type for socket"},
    {92, "ENOPROTOOPT", "Protocol not available"},
    {93, "EPROTONOSUPPORT", "Protocol not supported"},
    {95, "EOPNOTSUPP", "Operation not supported"},
    {97, "EAFNOSUPPORT", "Address family not supported by protocol"},
    {98, "EADDRINUSE", "Address already in use"},
    {99, "EADDRNOTAVAIL", "Cannot assign requested address"},
    {101, "ENETUNREACH", "Network is unreachable"},
    {105, "ENOBUFS", "No buffer space available"},
    {107, "ENOTCONN", "Transport endpoint is not connected"},
    {110, "ETIMEDOUT", "Connection timed out"},
    {111, "ECONNREFUSED", "Connection refused"},
    {113, "EHOSTUNREACH", "No route to host"},
    {116, "ESTALE", "Stale file handle"},
    {122, "EDQUOT", "Disk quota exceeded"},
};

static void append_character(struct stub_line *line, char character)
{
    if (line->length < STUB_LINE_BYTES)
        line->bytes[line->length++] = character;
}

static void append_text(struct stub_line *line, const char *text, uint32_t limit)
{
    for (uint32_t i = 0; i < limit && text[i] != '\0'; i++)
        append_character(line, text[i]);
}

static void append_unsigned(struct stub_line *line, uint64_t number, uint32_t base)
{
    char digits[20];
    uint32_t count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0)
        append_character(line, digits[--count]);
}

static void append_signed(struct stub_line *line, int64_t number)
{
    if (number < 0)
        append_character(line, '-');
    append_unsigned(line, number < 0 ? -(uint64_t)number : (uint64_t)number, 10);
}

static void append_error(struct stub_line *line, int64_t error)
{
    int64_t number = error < 0 ? -error : error;

    for (uint32_t i = 0; i < sizeof(error_texts) / sizeof(error_texts[0]); i++) {
        if (error_texts[i].number == number) {
            append_text(line, error_texts[i].words, sizeof(error_texts[i].words));
            append_text(line, " (", 2);
            append_text(line, error_texts[i].name, sizeof(error_texts[i].name));
            append_character(line, ')');
            return;
        }
    }
    append_text(line, "error ", 6);
    append_signed(line, number);
}

void line_append_list(struct stub_line *line, const char *format, va_list arguments)
{
    for (; *format != '\0'; format++) {
        if (*format != '%' || format[1] == '\0') {
            append_character(line, *format);
            continue;
        }
        switch (*++format) {
        case 's':
            append_text(line, va_arg(arguments, const char *), STUB_LINE_BYTES);
            break;
        case 'd':
            append_signed(line, va_arg(arguments, int64_t));
            break;
        case 'u':
            append_unsigned(line, va_arg(arguments, uint64_t), 10);
            break;
        case 'x':
            append_text(line, "0x", 2);
            append_unsigned(line, va_arg(arguments, uint64_t), 16);
            break;
        case 'c':
            append_character(line, (char)va_arg(arguments, int));
            break;
        case 'e':
            append_error(line, va_arg(arguments, int64_t));
            break;
        default:
            append_character(line, *format);
        }
    }
}

void line_append(struct stub_line *line, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    line_append_list(line, format, arguments);
    va_end(arguments);
}

/* A name may hold any byte; a message is one line. */
static void replace_controls(struct stub_line *line)
{
    for (uint32_t i = 0; i < line->length; i++) {
        if ((uint8_t)line->bytes[i] < ' ' || line->bytes[i] == 0x7f)
            line->bytes[i] = '?';
    }
}

void line_finish(struct stub_line *line)
{
    replace_controls(line);
    if (line->length >= STUB_LINE_BYTES - 1) {
        line->length = STUB_LINE_BYTES - 4;
        append_text(line, "...", 3);
    }
    append_character(line, '\n');
}

bool text_equal(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

uint32_t text_number(const char **text)
{
    uint32_t number = 0;

    while (**text >= '0' && **text <= '9' && number < 100000000)
        number = number * 10 + (uint32_t)(*(*text)++ - '0');
    return number;
}
