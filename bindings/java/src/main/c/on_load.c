/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "java_native.h"

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM *vm, void *reserved)
{
    (void)reserved;
    JNIEnv *env = NULL;
    if ((*vm)->GetEnv(vm, (void **)&env, JNI_VERSION_1_8) != JNI_OK)
        return JNI_ERR;
    jclass natives = (*env)->FindClass(env, "dev/undump/internal/Native");
    if (natives == NULL)
        return JNI_ERR;
    const struct native_table tables[] = {checkpoint_natives(), fields_natives(), heap_natives(), command_natives()};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if ((*env)->RegisterNatives(env, natives, tables[i].methods, tables[i].count) != JNI_OK)
            return JNI_ERR;
    return JNI_VERSION_1_8;
}
