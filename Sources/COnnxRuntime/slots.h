// The part of ONNX Runtime's C interface that is called here. The interface is an append-only table of function
// pointers, so a function is its index in the table. Each line: index, result, name, parameters.
#pragma once
#include <stddef.h>
#include <stdint.h>

#define ORT_API_VERSION_ASKED 16u

typedef struct OrtStatus OrtStatus;
typedef struct OrtEnv OrtEnv;
typedef struct OrtSession OrtSession;
typedef struct OrtSessionOptions OrtSessionOptions;
typedef struct OrtRunOptions OrtRunOptions;
typedef struct OrtValue OrtValue;
typedef struct OrtTypeInfo OrtTypeInfo;
typedef struct OrtTensorInfo OrtTensorInfo;
typedef struct OrtMemoryInfo OrtMemoryInfo;
typedef struct OrtAllocator OrtAllocator;

#define ORT_SLOTS(X)                                                                                               \
    X(1, int, GetErrorCode, (const OrtStatus *))                                                                   \
    X(2, const char *, GetErrorMessage, (const OrtStatus *))                                                       \
    X(3, OrtStatus *, CreateEnv, (int severity, const char *id, OrtEnv **))                                        \
    X(7, OrtStatus *, CreateSession, (const OrtEnv *, const char *path, const OrtSessionOptions *, OrtSession **)) \
    X(9, OrtStatus *, Run, (OrtSession *, const OrtRunOptions *, const char *const *, const OrtValue *const *,     \
                            size_t, const char *const *, size_t, OrtValue **))                                     \
    X(10, OrtStatus *, CreateSessionOptions, (OrtSessionOptions **))                                               \
    X(23, OrtStatus *, SetSessionGraphOptimizationLevel, (OrtSessionOptions *, int))                               \
    X(24, OrtStatus *, SetIntraOpNumThreads, (OrtSessionOptions *, int))                                           \
    X(30, OrtStatus *, SessionGetInputCount, (const OrtSession *, size_t *))                                       \
    X(31, OrtStatus *, SessionGetOutputCount, (const OrtSession *, size_t *))                                      \
    X(33, OrtStatus *, SessionGetInputTypeInfo, (const OrtSession *, size_t, OrtTypeInfo **))                      \
    X(34, OrtStatus *, SessionGetOutputTypeInfo, (const OrtSession *, size_t, OrtTypeInfo **))                     \
    X(36, OrtStatus *, SessionGetInputName, (const OrtSession *, size_t, OrtAllocator *, char **))                 \
    X(37, OrtStatus *, SessionGetOutputName, (const OrtSession *, size_t, OrtAllocator *, char **))                \
    X(48, OrtStatus *, CreateTensorAsOrtValue, (OrtAllocator *, const int64_t *, size_t, int, OrtValue **))        \
    X(49, OrtStatus *, CreateTensorWithDataAsOrtValue, (const OrtMemoryInfo *, void *, size_t bytes,               \
                                                        const int64_t *, size_t, int, OrtValue **))                \
    X(51, OrtStatus *, GetTensorMutableData, (OrtValue *, void **))                                                \
    X(53, OrtStatus *, GetStringTensorDataLength, (const OrtValue *, size_t *))                                    \
    X(54, OrtStatus *, GetStringTensorContent, (const OrtValue *, void *, size_t, size_t *offsets, size_t))        \
    X(55, OrtStatus *, CastTypeInfoToTensorInfo, (const OrtTypeInfo *, const OrtTensorInfo **))                    \
    X(56, OrtStatus *, GetOnnxTypeFromTypeInfo, (const OrtTypeInfo *, int *))                                      \
    X(60, OrtStatus *, GetTensorElementType, (const OrtTensorInfo *, int *))                                       \
    X(61, OrtStatus *, GetDimensionsCount, (const OrtTensorInfo *, size_t *))                                      \
    X(62, OrtStatus *, GetDimensions, (const OrtTensorInfo *, int64_t *, size_t))                                  \
    X(63, OrtStatus *, GetSymbolicDimensions, (const OrtTensorInfo *, const char **, size_t))                      \
    X(64, OrtStatus *, GetTensorShapeElementCount, (const OrtTensorInfo *, size_t *))                              \
    X(65, OrtStatus *, GetTensorTypeAndShape, (const OrtValue *, OrtTensorInfo **))                                \
    X(69, OrtStatus *, CreateCpuMemoryInfo, (int allocator, int kind, OrtMemoryInfo **))                           \
    X(76, OrtStatus *, AllocatorFree, (OrtAllocator *, void *))                                                    \
    X(78, OrtStatus *, GetAllocatorWithDefaultOptions, (OrtAllocator **))                                          \
    X(92, void, ReleaseEnv, (OrtEnv *))                                                                            \
    X(93, void, ReleaseStatus, (OrtStatus *))                                                                      \
    X(94, void, ReleaseMemoryInfo, (OrtMemoryInfo *))                                                              \
    X(95, void, ReleaseSession, (OrtSession *))                                                                    \
    X(96, void, ReleaseValue, (OrtValue *))                                                                        \
    X(98, void, ReleaseTypeInfo, (OrtTypeInfo *))                                                                  \
    X(99, void, ReleaseTensorTypeAndShapeInfo, (OrtTensorInfo *))                                                  \
    X(100, void, ReleaseSessionOptions, (OrtSessionOptions *))                                                     \
    X(125, OrtStatus *, GetAvailableProviders, (char ***, int *))                                                  \
    X(126, OrtStatus *, ReleaseAvailableProviders, (char **, int))                                                 \
    X(252, OrtStatus *, GetResizedStringTensorElementBuffer, (OrtValue *, size_t index, size_t bytes, char **))

// The slots by name, copied out of the table once.
typedef struct ort_api {
#define ORT_FIELD(index, result, name, parameters) result(*name) parameters;
    ORT_SLOTS(ORT_FIELD)
#undef ORT_FIELD
} ort_api;

typedef struct OrtApiBase {
    const void *const *(*GetApi)(uint32_t version);
    const char *(*GetVersionString)(void);
} OrtApiBase;

enum { ORT_LOG_FATAL = 4, ORT_TYPE_TENSOR = 1, ORT_DEVICE_ALLOCATOR = 0, ORT_MEMORY_DEFAULT = 0 };
