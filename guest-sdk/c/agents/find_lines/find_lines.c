// Finds the lines of a file that hold a text. `proc.h` is what `wit-bindgen` makes of the contract.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proc.h"

// Writes a text as `printf` does; whoever gets it frees it.
#define SAY(ret, ...)                                   \
    do {                                                \
        char said[512];                                 \
        snprintf(said, sizeof said, __VA_ARGS__);       \
        proc_string_dup(ret, said);                     \
    } while (0)

// What goes wrong is the failure of the call: `false` says that `err` is set.
#define FAIL(err, ...)                                                  \
    do {                                                                \
        (err)->kind = TURINGBOX_AGENT_TYPES_FAILURE_KIND_ERROR;         \
        SAY(&(err)->message, __VA_ARGS__);                              \
        proc_string_dup(&(err)->trace, "");                             \
        return false;                                                   \
    } while (0)

// The text of an input, with a NUL behind it; none where it isn't given, or is no text.
static char *text(const proc_list_field_t *inputs, const char *name) {
    for (size_t i = 0; i < inputs->len; i++) {
        const proc_field_t *field = &inputs->ptr[i];
        if (field->name.len == strlen(name) && memcmp(field->name.ptr, name, field->name.len) == 0 &&
            field->value.tag == TURINGBOX_AGENT_TYPES_VALUE_TEXT) {
            return strndup((const char *)field->value.val.text.ptr, field->value.val.text.len);
        }
    }
    return NULL;
}

// What the runtime calls: the inputs by name in, the outputs out.
bool exports_proc_run(proc_list_field_t *inputs, proc_list_field_t *ret, proc_failure_t *err) {
    char *path = text(inputs, "path"), *wanted = text(inputs, "text");
    if (!path || !wanted || !*wanted) FAIL(err, "there has to be a `path`, and a `text` that is not empty");
    FILE *file = fopen(path, "r");
    if (!file) FAIL(err, "%.200s can't be opened: %s", path, strerror(errno));

    // The output is JSON: the numbers of the lines.
    char *found = NULL, *line = NULL;
    size_t size = 0, room = 0, number = 0, count = 0;
    FILE *out = open_memstream(&found, &size);
    fputc('[', out);
    while (getline(&line, &room, file) >= 0) {
        number++;
        if (strstr(line, wanted)) fprintf(out, "%s%zu", count++ ? ", " : "", number);
    }
    fputc(']', out);
    fclose(out);
    fclose(file);

    proc_string_t message;
    SAY(&message, "%zu of %zu lines hold it", count, number);
    turingbox_agent_log_write(TURINGBOX_AGENT_LOG_LEVEL_INFO, &message);

    ret->ptr = malloc(sizeof *ret->ptr);
    ret->len = 1;
    proc_string_dup(&ret->ptr->name, "lines");
    ret->ptr->value.tag = TURINGBOX_AGENT_TYPES_VALUE_JSON;
    proc_string_dup_n(&ret->ptr->value.val.json, found, size);
    return true;
}
