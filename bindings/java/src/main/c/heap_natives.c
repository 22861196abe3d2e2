/* SPDX-License-Identifier: Apache-2.0 */
#include <jvmti.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "java_native.h"

#define FOUND 1 /* the tag of what the walk through the heap found */

static jvmtiIterationControl JNICALL tag_found(jlong class_tag, jlong size, jlong *tag, void *data)
{
    (void)class_tag;
    (void)size;
    (void)data;
    *tag = FOUND;
    return JVMTI_ITERATION_CONTINUE;
}

/* NULL when this JVM cannot do it, or with an exception. */
static jobjectArray tagged(JNIEnv *env, jvmtiEnv *tool, jclass wanted)
{
    jint count = 0;
    jobject *found = NULL;
    if ((*tool)->GetObjectsWithTags(tool, 1, &(jlong){FOUND}, &count, &found, NULL) != JVMTI_ERROR_NONE)
        return NULL;
    jobjectArray array = (*env)->NewObjectArray(env, count, wanted, NULL);
    for (jint i = 0; i < count; i++) {
        if (array != NULL)
            (*env)->SetObjectArrayElement(env, array, i, found[i]);
        (*env)->DeleteLocalRef(env, found[i]);
    }
    (*tool)->Deallocate(tool, (unsigned char *)found);
    return array;
}

/* All objects of a class and its subclasses. The tool environment lives as long as the call: nothing is left switched on. */
static jobjectArray instances(JNIEnv *env, jclass natives, jclass wanted)
{
    (void)natives;
    JavaVM *vm = NULL;
    jvmtiEnv *tool = NULL;
    if ((*env)->GetJavaVM(env, &vm) != JNI_OK || (*vm)->GetEnv(vm, (void **)&tool, JVMTI_VERSION_1_2) != JNI_OK)
        return NULL;
    jvmtiCapabilities capabilities = {.can_tag_objects = 1};
    jobjectArray array = NULL;
    if ((*tool)->AddCapabilities(tool, &capabilities) == JVMTI_ERROR_NONE
        && (*tool)->IterateOverInstancesOfClass(tool, wanted, JVMTI_HEAP_OBJECT_EITHER, tag_found, NULL) == JVMTI_ERROR_NONE)
        array = tagged(env, tool, wanted);
    (*tool)->DisposeEnvironment(tool);
    return array;
}

/*
 * One page that every launch finds zeroed, whoever took the checkpoint, and a child of fork(2) as well: madvise(2),
 * MADV_WIPEONFORK. NULL where the kernel does not have it.
 */
static jobject wiped_page(JNIEnv *env, jclass natives)
{
    (void)natives;
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, size, MADV_WIPEONFORK) != 0) {
        munmap(page, size);
        return NULL;
    }
    return (*env)->NewDirectByteBuffer(env, page, (jlong)size);
}

struct native_table heap_natives(void)
{
    static const JNINativeMethod methods[] = {
        {(char *)"instances", (char *)"(Ljava/lang/Class;)[Ljava/lang/Object;", (void *)instances},
        {(char *)"wipedPage", (char *)"()Ljava/nio/ByteBuffer;", (void *)wiped_page},
    };
    return (struct native_table){methods, (jint)(sizeof methods / sizeof *methods)};
}
