#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "cli/launch/image_parts.h"

#define LINE_KEPT 400
#define OUTPUT_MAX (1u << 20)

enum stage { STAGE_CWD, STAGE_EXEC };

struct child_failure {
    int stage, errnum;
};

__attribute__((noreturn)) static void child(const struct image_tool *tool, pid_t parent, int out,
                                            int failure_fd)
{
    struct child_failure failure = {STAGE_EXEC, 0};
    sigset_t none;
    int null;

    /* A lxc-launch that is killed takes the tool with it; one that is gone already sends nothing.
     */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    if (tool->keep_fd >= 0)
        fcntl(tool->keep_fd, F_SETFD, 0);
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (tool->cwd && chdir(tool->cwd) < 0)
        failure.stage = STAGE_CWD;
    else
        execvp(tool->argv[0], (char *const *)tool->argv);
    failure.errnum = errno;
    /* Less than PIPE_BUF into an empty pipe: it is all written or the parent is gone. */
    if (write(failure_fd, &failure, sizeof(failure)) < 0)
        _exit(2);
    _exit(1);
}

/* What a registry or an image puts into a message must not reach the terminal as a control
 * sequence. */
static void defuse(char *line)
{
    for (; *line; line++)
        if ((unsigned char)*line < ' ' || *line == 127)
            *line = ' ';
}

/* skopeo's log format: time="..." level=fatal msg="why"; only why is for people. */
static void unwrap_message(char *line)
{
    char *msg = strstr(line, " msg=\""), *to = line;

    if (!str_starts(line, "time=") || !msg)
        return;
    for (const char *from = msg + 6; *from && *from != '"'; from++) {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from;
    }
    *to = '\0';
}

/* Cut what surrounds the words of a line: blanks and umoci's bullet characters (not ASCII). */
static char *words(char *line)
{
    size_t len;

    while (*line == ' ' || (unsigned char)*line >= 0x80)
        line++;
    len = strlen(line);
    while (len && line[len - 1] == ' ')
        line[--len] = '\0';
    return line;
}

static void take_line(const struct image_tool *tool, struct buf *line, char last[LINE_KEPT])
{
    char *text;

    buf_append(line, "", 0);
    if (!line->data)
        return;
    defuse(line->data);
    if (tool->progress)
        fprintf(stderr, "%s\n", line->data);
    unwrap_message(line->data);
    text = words(line->data);
    if (*text)
        snprintf(last, LINE_KEPT, "%s", text);
    line->len = 0;
}

/* Read the tool's output to its end; last is its last line with words in it. */
static void follow(const struct image_tool *tool, int fd, char last[LINE_KEPT])
{
    cleanup_buf struct buf line = {0};
    char chunk[4096];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) > 0 || (n < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < n; i++) {
            if (chunk[i] == '\n' || chunk[i] == '\r')
                take_line(tool, &line, last);
            else if (chunk[i] && line.len < OUTPUT_MAX)
                buf_putc(&line, chunk[i]);
        }
        if (n > 0 && tool->output && tool->output->len < OUTPUT_MAX)
            buf_append(tool->output, chunk, (size_t)n);
    }
    if (line.len)
        take_line(tool, &line, last);
}

static int report_failure(const struct image_tool *tool, const struct child_failure *failure,
                          struct lxcdriver_error **err)
{
    if (failure->stage == STAGE_CWD)
        return err_sys(err, failure->errnum, "%s", tool->cwd);
    if (failure->errnum == ENOENT)
        return err_set(err, "%s is not installed: apt-get install %s", tool->argv[0],
                       tool->package);
    return err_sys(err, failure->errnum, "cannot execute %s", tool->argv[0]);
}

static int report_status(const struct image_tool *tool, int status, const char *last,
                         struct lxcdriver_error **err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    if (WIFSIGNALED(status))
        return err_set(err, "%s was killed by signal %d (%s)", tool->argv[0], WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    if (*last)
        return err_set(err, "%s: %s", tool->argv[0], last);
    return err_set(err, "%s exited with status %d", tool->argv[0], WEXITSTATUS(status));
}

int image_tool_run(const struct image_tool *tool, struct lxcdriver_error **err)
{
    int out[2], failed[2], status;
    struct child_failure failure;
    char last[LINE_KEPT] = "";
    pid_t pid, parent = getpid();
    ssize_t got;

    if (pipe2(out, O_CLOEXEC) < 0)
        return err_sys(err, errno, "pipe");
    cleanup_close int out_read = out[0], out_write = out[1];
    if (pipe2(failed, O_CLOEXEC) < 0)
        return err_sys(err, errno, "pipe");
    cleanup_close int failed_read = failed[0], failed_write = failed[1];
    pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "fork");
    if (pid == 0)
        child(tool, parent, out_write, failed_write);
    close(steal_fd(&out_write));
    close(steal_fd(&failed_write));
    follow(tool, out_read, last);
    got = read(failed_read, &failure, sizeof(failure));
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(err, errno, "wait for %s", tool->argv[0]);
    if (got == (ssize_t)sizeof(failure))
        return report_failure(tool, &failure, err);
    return report_status(tool, status, last, err);
}
