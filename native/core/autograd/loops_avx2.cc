#define AUDIOLDM_ISA avx2
#include "autograd/loops_body.h"
