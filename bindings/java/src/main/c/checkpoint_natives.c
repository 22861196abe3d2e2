/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "java_native.h"
#include "undump.h"

/* A Java array of bytes as a string of C, NULL for null; freed by the caller. On lack of memory NULL with an exception. */
static char *string_of(JNIEnv *env, jbyteArray bytes)
{
    if (bytes == NULL)
        return NULL;
    jsize length = (*env)->GetArrayLength(env, bytes);
    char *string = malloc((size_t)length + 1);
    if (string == NULL) {
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "a string for undump");
        return NULL;
    }
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)string);
    string[length] = '\0';
    return string;
}

static jbyteArray bytes_of(JNIEnv *env, const void *bytes, size_t length)
{
    jbyteArray array = (*env)->NewByteArray(env, (jsize)length);
    if (array != NULL)
        (*env)->SetByteArrayRegion(env, array, 0, (jsize)length, bytes);
    return array;
}

static jbyteArray string_bytes(JNIEnv *env, const char *string)
{
    return string == NULL ? NULL : bytes_of(env, string, strlen(string));
}

void free_native_strings(char **strings)
{
    for (char **string = strings; string != NULL && *string != NULL; string++)
        free(*string);
    free(strings);
}

char **native_strings(JNIEnv *env, jobjectArray array)
{
    jsize count = (*env)->GetArrayLength(env, array);
    char **strings = calloc((size_t)count + 1, sizeof *strings);
    for (jsize i = 0; strings != NULL && i < count; i++) {
        jbyteArray bytes = (*env)->GetObjectArrayElement(env, array, i);
        strings[i] = string_of(env, bytes);
        (*env)->DeleteLocalRef(env, bytes);
        if (strings[i] == NULL) {
            free_native_strings(strings);
            return NULL;
        }
    }
    if (strings == NULL)
        (*env)->ThrowNew(env, (*env)->FindClass(env, "java/lang/OutOfMemoryError"), "strings for undump");
    return strings;
}

/* NULL with an exception pending on failure. */
static jobjectArray arrays_of(JNIEnv *env, char *const *strings)
{
    jsize count = 0;
    while (strings != NULL && strings[count] != NULL)
        count++;
    jobjectArray arrays = (*env)->NewObjectArray(env, count, (*env)->FindClass(env, "[B"), NULL);
    for (jsize i = 0; arrays != NULL && i < count; i++) {
        jbyteArray bytes = string_bytes(env, strings[i]);
        if (bytes == NULL)
            return NULL;
        (*env)->SetObjectArrayElement(env, arrays, i, bytes);
        (*env)->DeleteLocalRef(env, bytes);
    }
    return arrays;
}

static jint checkpoint(JNIEnv *env, jclass natives, jbyteArray file, jbyteArray session, jboolean end, jboolean cow,
    jboolean keep_environ, jboolean resume, jobjectArray allow)
{
    (void)natives;
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    char *checkpoint_name = string_of(env, file);
    char *session_name = string_of(env, session);
    char **allowed = native_strings(env, allow);
    int result = -ENOMEM;
    if (!(*env)->ExceptionCheck(env)) {
        options.checkpoint = checkpoint_name;
        options.session = session_name;
        options.flags = (end ? UNDUMP_END : 0) | (cow ? UNDUMP_COW : 0) | (keep_environ ? UNDUMP_KEEP_ENVIRON : 0)
            | (resume ? UNDUMP_RESUME : 0);
        options.allow = (const char *const *)allowed;
        result = undump_checkpoint(&options);
    }
    free(checkpoint_name);
    free(session_name);
    free_native_strings(allowed);
    return result;
}

static jbyteArray error(JNIEnv *env, jclass natives)
{
    (void)natives;
    return string_bytes(env, undump_error());
}

/* Object[]{long[]{generation}, nonce, arguments, environment, directory}, or null. */
static jobjectArray launched(JNIEnv *env, jclass natives)
{
    (void)natives;
    const struct undump_launch *launch = undump_launched();
    if (launch == NULL)
        return NULL;
    jlongArray generation = (*env)->NewLongArray(env, 1);
    if (generation == NULL)
        return NULL;
    (*env)->SetLongArrayRegion(env, generation, 0, 1, &(jlong){(jlong)launch->generation});
    jobject parts[] = {generation, bytes_of(env, launch->nonce, sizeof launch->nonce), arrays_of(env, launch->argv),
        arrays_of(env, launch->envp), string_bytes(env, launch->directory)};
    if ((*env)->ExceptionCheck(env))
        return NULL;
    jsize count = (jsize)(sizeof parts / sizeof *parts);
    jobjectArray result = (*env)->NewObjectArray(env, count, (*env)->FindClass(env, "java/lang/Object"), NULL);
    for (jsize i = 0; result != NULL && i < count; i++)
        (*env)->SetObjectArrayElement(env, result, i, parts[i]);
    return result;
}

struct visit {
    JNIEnv *env;
    jobject visitor;
    jmethodID method;
};

static int visit_session(const struct undump_session *session, void *data)
{
    struct visit *visit = data;
    JNIEnv *env = visit->env;
    jbyteArray name = string_bytes(env, session->name);
    jbyteArray file = string_bytes(env, session->checkpoint);
    jbyteArray image = string_bytes(env, session->image);
    if (!(*env)->ExceptionCheck(env))
        (*env)->CallVoidMethod(env, visit->visitor, visit->method, name, file, image, (jlong)session->realtime_ns,
            (jlong)session->bytes);
    (*env)->DeleteLocalRef(env, name);
    (*env)->DeleteLocalRef(env, file);
    (*env)->DeleteLocalRef(env, image);
    return (*env)->ExceptionCheck(env) ? 1 : 0;
}

static jint sessions(JNIEnv *env, jclass natives, jobject visitor)
{
    (void)natives;
    jmethodID method = (*env)->GetMethodID(env, (*env)->GetObjectClass(env, visitor), "visit", "([B[B[BJJ)V");
    if (method == NULL)
        return -EINVAL;
    struct visit visit = {env, visitor, method};
    return undump_sessions(visit_session, &visit);
}

static jint with_name(JNIEnv *env, jbyteArray bytes, int (*act)(const char *name))
{
    char *name = string_of(env, bytes);
    int result = name == NULL ? -ENOMEM : act(name);
    free(name);
    return result;
}

static jint session_image(JNIEnv *env, jclass natives, jbyteArray name)
{
    (void)natives;
    return with_name(env, name, undump_session_image);
}

static jint session_remove(JNIEnv *env, jclass natives, jbyteArray name)
{
    (void)natives;
    return with_name(env, name, undump_session_remove);
}

static jint rollback(JNIEnv *env, jclass natives, jbyteArray name)
{
    (void)natives;
    return with_name(env, name, undump_rollback);
}

static jint set_commands(JNIEnv *env, jclass natives, jbyteArray ckpt, jbyteArray undump)
{
    (void)natives;
    char *ckpt_path = string_of(env, ckpt);
    char *undump_path = string_of(env, undump);
    int result = (*env)->ExceptionCheck(env) ? -ENOMEM : undump_set_commands(ckpt_path, undump_path);
    free(ckpt_path);
    free(undump_path);
    return result;
}

struct native_table checkpoint_natives(void)
{
    static const JNINativeMethod methods[] = {
        {(char *)"checkpoint", (char *)"([B[BZZZZ[[B)I", (void *)checkpoint},
        {(char *)"error", (char *)"()[B", (void *)error},
        {(char *)"launched", (char *)"()[Ljava/lang/Object;", (void *)launched},
        {(char *)"sessions", (char *)"(Ldev/undump/internal/SessionVisitor;)I", (void *)sessions},
        {(char *)"sessionImage", (char *)"([B)I", (void *)session_image},
        {(char *)"sessionRemove", (char *)"([B)I", (void *)session_remove},
        {(char *)"setCommands", (char *)"([B[B)I", (void *)set_commands},
        {(char *)"rollback", (char *)"([B)I", (void *)rollback},
    };
    return (struct native_table){methods, (jint)(sizeof methods / sizeof *methods)};
}
