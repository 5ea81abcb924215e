using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>A lock of four bytes for a few dozen instructions: 0 is free, 1 taken. Not reentrant.</summary>
internal static class SpinLatch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter(ref int latch)
    {
        if (Interlocked.CompareExchange(ref latch, 1, 0) != 0)
            Wait(ref latch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exit(ref int latch) => Volatile.Write(ref latch, 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wait(ref int latch)
    {
        var spin = default(SpinWait);
        do
            spin.SpinOnce(-1);
        while (Volatile.Read(ref latch) != 0 || Interlocked.CompareExchange(ref latch, 1, 0) != 0);
    }
}
