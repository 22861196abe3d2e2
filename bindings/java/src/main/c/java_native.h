/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The natives of dev.undump.internal.Native, in tables that JNI_OnLoad registers. Strings go over as bytes, with the zero
 * byte that ends them in C; Java alone decides about character sets.
 */
#ifndef JAVA_NATIVE_H
#define JAVA_NATIVE_H

#include <jni.h>

struct native_table {
    const JNINativeMethod *methods;
    jint count;
};

/* checkpoint_natives.c: what undump.h offers */
struct native_table checkpoint_natives(void);

/* fields_natives.c: fields of the JDK that no launch may share with another one */
struct native_table fields_natives(void);

/* heap_natives.c: objects of a class, wherever they are; memory that is zero in every launch */
struct native_table heap_natives(void);

/* command_natives.c: what undump java needs of its JVM */
struct native_table command_natives(void);

/* Arrays of bytes as strings of C with a NULL behind them; freed by free_native_strings. NULL with an exception pending on failure. */
char **native_strings(JNIEnv *env, jobjectArray array);
void free_native_strings(char **strings);

#endif
