// RESNET50_CHECK(condition) ends the program, naming file and line, where the core breaks a promise to itself. For what
// a caller or a file may get wrong there is Result. Checks run in sanitized and fuzzing builds (RESNET50_CHECKS); the
// modules of the package and their tests leave them out, so that what is tested there is what ships. C and C++.
#pragma once

#ifdef RESNET50_CHECKS
#include <stdio.h>
#include <stdlib.h>
#define RESNET50_CHECK(condition)                                                   \
  do {                                                                              \
    if (!(condition)) {                                                             \
      fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                      \
    }                                                                               \
  } while (0)
#else
#define RESNET50_CHECK(condition) ((void)sizeof(!(condition)))
#endif
