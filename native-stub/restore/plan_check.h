/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files that check the plan. Pure: they also compile into host tests and the fuzzer. */
#ifndef UNDUMP_STUB_PLAN_CHECK_H
#define UNDUMP_STUB_PLAN_CHECK_H

#include "restore/plan.h"

struct plan_checker {
    const struct image_plan *plan;
    const struct plan_surroundings *around;
    struct plan_fault *fault;
    uint64_t asides[IMAGE_ASIDE_LIMIT / 64]; /* bit n: file operations have made descriptor IMAGE_ASIDE_FIRST - n */
    uint64_t segments[IMAGE_ASIDE_LIMIT / 64]; /* the same for System V segments */
    uint64_t object_size; /* of the current shared object while memory operations are gone through */
};

/* Notes what is wrong and returns -EINVAL. */
int check_fault(struct plan_checker *checker, const char *where, uint64_t index, const char *what);

/* 0 when the table's records lie in the plan, aligned and apart from the plan's head. */
int check_table(struct plan_checker *checker, const char *where, struct image_table table, uint64_t record_size);

/* A zero-terminated string inside the plan; offset 0 is none and not accepted. */
bool check_string(const struct plan_checker *checker, uint64_t offset);

/* Not empty, page aligned, below IMAGE_ADDRESS_LIMIT, outside the slot. */
bool check_pages(const struct plan_checker *checker, uint64_t address, uint64_t length);

/* The same for single bytes. */
bool check_bytes(const struct plan_checker *checker, uint64_t address, uint64_t length);

/* Bytes of the image file. */
bool check_image_bytes(const struct plan_checker *checker, uint64_t offset, uint64_t length);

/* Bytes of the plan that need not be a string, with a zero behind them. */
bool check_plan_bytes(const struct plan_checker *checker, uint64_t offset, uint64_t length, uint64_t least, uint64_t most);

/* A string, or none. */
bool check_text(const struct plan_checker *checker, uint64_t offset);

bool check_fd(uint64_t fd);

/* A descriptor of the program, or one aside that was made before. */
bool check_memory_file(const struct plan_checker *checker, int32_t fd);

/* A segment aside that was found before. */
bool check_segment(const struct plan_checker *checker, uint64_t number);

int check_memory_ops(struct plan_checker *checker);
int check_lazy_ranges(struct plan_checker *checker);
const char *check_lazy_op(const struct plan_checker *checker, const struct image_memory_op *op);
int check_file_ops(struct plan_checker *checker);
/* What is wrong with a step of their kinds; NULL: nothing. The first two note what is put aside. */
const char *memory_file_op_problem(struct plan_checker *checker, const struct image_file_op *op);
const char *segment_op_problem(struct plan_checker *checker, const struct image_file_op *op);
const char *socket_op_problem(const struct plan_checker *checker, const struct image_file_op *op);
/* What is wrong with a step for what leads out of the program; NULL: nothing, or it is another step. */
const char *check_outside_op(const struct plan_checker *checker, const struct image_file_op *op);
int check_environment(struct plan_checker *checker);
int check_inputs(struct plan_checker *checker);
int check_threads(struct plan_checker *checker);
int check_rights(struct plan_checker *checker, const struct image_thread *thread, uint64_t index);
int check_posix_timers(struct plan_checker *checker);
bool good_timer_of_signal(const struct plan_checker *checker, const struct image_pending_signal *signal);

#endif
