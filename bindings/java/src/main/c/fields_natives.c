/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JDK keeps some things of its start for good, in private fields: seeds, the environment, the working directory. JNI reaches
 * them without options of the command line. A JDK that has no such field gets null or false, and Java decides.
 */
#include <stddef.h>

#include "java_native.h"

/* The names of fields are short and ASCII. NULL after an exception. */
struct names {
    const char *name;
    const char *signature;
};

static struct names names_of(JNIEnv *env, jstring name, jstring signature)
{
    return (struct names){
        (*env)->GetStringUTFChars(env, name, NULL),
        (*env)->GetStringUTFChars(env, signature, NULL),
    };
}

static void free_names(JNIEnv *env, struct names names, jstring name, jstring signature)
{
    if (names.name != NULL)
        (*env)->ReleaseStringUTFChars(env, name, names.name);
    if (names.signature != NULL)
        (*env)->ReleaseStringUTFChars(env, signature, names.signature);
}

/* NULL when there is no such field, without an exception. Of a class that is not initialised yet it is initialised. */
static jfieldID find(JNIEnv *env, jclass owner, jboolean is_static, jstring name, jstring signature)
{
    struct names names = names_of(env, name, signature);
    jfieldID field = NULL;
    if (names.name != NULL && names.signature != NULL)
        field = is_static ? (*env)->GetStaticFieldID(env, owner, names.name, names.signature)
                          : (*env)->GetFieldID(env, owner, names.name, names.signature);
    free_names(env, names, name, signature);
    (*env)->ExceptionClear(env);
    return field;
}

static jobject static_field(JNIEnv *env, jclass natives, jclass owner, jstring name, jstring signature)
{
    (void)natives;
    jfieldID field = find(env, owner, JNI_TRUE, name, signature);
    return field == NULL ? NULL : (*env)->GetStaticObjectField(env, owner, field);
}

static jobject instance_field(JNIEnv *env, jclass natives, jobject target, jclass owner, jstring name, jstring signature)
{
    (void)natives;
    jfieldID field = find(env, owner, JNI_FALSE, name, signature);
    return field == NULL ? NULL : (*env)->GetObjectField(env, target, field);
}

static jboolean set_instance_field(JNIEnv *env, jclass natives, jobject target, jclass owner, jstring name, jstring signature,
    jobject value)
{
    (void)natives;
    jfieldID field = find(env, owner, JNI_FALSE, name, signature);
    if (field != NULL)
        (*env)->SetObjectField(env, target, field, value);
    return field != NULL;
}

static jboolean set_static_long(JNIEnv *env, jclass natives, jclass owner, jstring name, jlong value)
{
    (void)natives;
    jstring signature = (*env)->NewStringUTF(env, "J");
    jfieldID field = signature == NULL ? NULL : find(env, owner, JNI_TRUE, name, signature);
    if (field != NULL)
        (*env)->SetStaticLongField(env, owner, field, value);
    return field != NULL;
}

static jboolean set_instance_long(JNIEnv *env, jclass natives, jobject target, jclass owner, jstring name, jlong value)
{
    (void)natives;
    jstring signature = (*env)->NewStringUTF(env, "J");
    jfieldID field = signature == NULL ? NULL : find(env, owner, JNI_FALSE, name, signature);
    if (field != NULL)
        (*env)->SetLongField(env, target, field, value);
    return field != NULL;
}

struct native_table fields_natives(void)
{
    static const JNINativeMethod methods[] = {
        {(char *)"staticField", (char *)"(Ljava/lang/Class;Ljava/lang/String;Ljava/lang/String;)Ljava/lang/Object;",
            (void *)static_field},
        {(char *)"instanceField",
            (char *)"(Ljava/lang/Object;Ljava/lang/Class;Ljava/lang/String;Ljava/lang/String;)Ljava/lang/Object;",
            (void *)instance_field},
        {(char *)"setInstanceField",
            (char *)"(Ljava/lang/Object;Ljava/lang/Class;Ljava/lang/String;Ljava/lang/String;Ljava/lang/Object;)Z",
            (void *)set_instance_field},
        {(char *)"setStaticLong", (char *)"(Ljava/lang/Class;Ljava/lang/String;J)Z", (void *)set_static_long},
        {(char *)"setInstanceLong", (char *)"(Ljava/lang/Object;Ljava/lang/Class;Ljava/lang/String;J)Z",
            (void *)set_instance_long},
    };
    return (struct native_table){methods, (jint)(sizeof methods / sizeof *methods)};
}
