using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Xunit;

namespace WebBpf.Tests.Parity.Syscall;

/// <summary>
/// Runs calls on a thread with a mount namespace of its own, in which an empty bpffs lies on /sys/fs/bpf: nobody else sees it, and it
/// goes with the thread.
/// </summary>
internal static class PrivateBpffs
{
    private const int NewMounts = 0x20000;
    private const int OwnDirectories = 0x200;
    private const ulong Recursive = 0x4000;
    private const ulong Private = 0x40000;

    /// <summary>Skips the test where such a namespace may not be made.</summary>
    public static void Run(Action calls)
    {
        string? refused = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            refused = Prepare();
            if (refused is not null)
                return;
            try
            {
                calls();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        if (refused is not null)
            Assert.Skip(refused);
    }

    private static string? Prepare()
    {
        if (!OperatingSystem.IsLinux())
            return "There is no bpffs on this system.";
        bool made = unshare(NewMounts | OwnDirectories) == 0
            && mount("none", "/", null, Recursive | Private, 0) == 0
            && mount("bpf", "/sys/fs/bpf", "bpf", 0, 0) == 0;
        return made ? null : $"A private bpffs cannot be mounted (errno {Marshal.GetLastPInvokeError()}).";
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int unshare(int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern int mount(string source, string target, string? type, ulong flags, nint data);
}
