#include "send/job.h"

#include <stdlib.h>

#include "base/mem.h"

struct job *job_new(const char *mid, const char *stream, const char *entry, const char *body,
                    size_t body_length)
{
    struct job *job = mem_zero(1, sizeof *job);
    job->mid = mem_text(mid);
    job->stream = stream ? mem_text(stream) : NULL;
    job->entry = entry ? mem_text(entry) : NULL;
    job->body = mem_copy(body, body_length);
    job->body_length = body_length;
    return job;
}

void job_destroy(struct job **job)
{
    if (!*job)
        return;
    free((*job)->mid);
    free((*job)->stream);
    free((*job)->entry);
    free((*job)->body);
    free(*job);
    *job = NULL;
}
