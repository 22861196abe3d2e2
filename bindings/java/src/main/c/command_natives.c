/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of `undump java` need beside a checkpoint. */
#include <errno.h>
#include <fcntl.h>
#include <jvmti.h>
#include <stdlib.h>
#include <unistd.h>

#include "java_native.h"

/*
 * Gives a class other bytes, as an agent would, but leaves no environment behind that watches the loading of classes.
 * Returns 0 or the error of JVMTI.
 */
static jint redefine(JNIEnv *env, jclass natives, jclass type, jbyteArray bytes)
{
    (void)natives;
    JavaVM *vm = NULL;
    jvmtiEnv *tool = NULL;
    if ((*env)->GetJavaVM(env, &vm) != JNI_OK || (*vm)->GetEnv(vm, (void **)&tool, JVMTI_VERSION_1_2) != JNI_OK)
        return JVMTI_ERROR_NOT_AVAILABLE;
    jvmtiCapabilities capabilities = {.can_redefine_classes = 1, .can_redefine_any_class = 1};
    jint error = (jint)(*tool)->AddCapabilities(tool, &capabilities);
    jbyte *copy = (*env)->GetByteArrayElements(env, bytes, NULL);
    if (error == JVMTI_ERROR_NONE && copy != NULL) {
        jvmtiClassDefinition definition = {type, (*env)->GetArrayLength(env, bytes), (const unsigned char *)copy};
        error = (jint)(*tool)->RedefineClasses(tool, 1, &definition);
    }
    if (copy != NULL)
        (*env)->ReleaseByteArrayElements(env, bytes, copy, JNI_ABORT);
    (*tool)->DisposeEnvironment(tool);
    return copy == NULL ? JVMTI_ERROR_OUT_OF_MEMORY : error;
}

/*
 * Becomes another program, with the environment that this process has; `others` are descriptors that it does not get. Returns
 * only on failure, errno.
 */
static jint execute(JNIEnv *env, jclass natives, jobjectArray words, jintArray others)
{
    (void)natives;
    char **arguments = native_strings(env, words);
    if (arguments == NULL || arguments[0] == NULL)
        return ENOMEM;
    jint *descriptors = (*env)->GetIntArrayElements(env, others, NULL);
    jsize count = descriptors == NULL ? 0 : (*env)->GetArrayLength(env, others);
    for (jsize i = 0; i < count; i++) {
        int flags = fcntl(descriptors[i], F_GETFD);
        if (flags >= 0)
            fcntl(descriptors[i], F_SETFD, flags | FD_CLOEXEC);
    }
    execv(arguments[0], arguments);
    jint error = errno;
    if (descriptors != NULL)
        (*env)->ReleaseIntArrayElements(env, others, descriptors, JNI_ABORT);
    free_native_strings(arguments);
    return error;
}

struct native_table command_natives(void)
{
    static const JNINativeMethod methods[] = {
        {(char *)"redefine", (char *)"(Ljava/lang/Class;[B)I", (void *)redefine},
        {(char *)"execute", (char *)"([[B[I)I", (void *)execute},
    };
    return (struct native_table){methods, (jint)(sizeof methods / sizeof *methods)};
}
