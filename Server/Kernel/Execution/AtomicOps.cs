using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// The atomic operations of RFC 9669, section 5.3, on memory of the sandbox. All are full barriers; all return the old value, 32-bit ones
/// zero-extended. Interpreter and compiled code call the same functions: there is one implementation to be right about.
/// </summary>
public static unsafe class AtomicOps
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add64(byte* at, ulong value) => Interlocked.Add(ref *(ulong*)at, value) - value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add32(byte* at, ulong value) => Interlocked.Add(ref *(uint*)at, (uint)value) - (uint)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And64(byte* at, ulong value) => Interlocked.And(ref *(ulong*)at, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And32(byte* at, ulong value) => Interlocked.And(ref *(uint*)at, (uint)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or64(byte* at, ulong value) => Interlocked.Or(ref *(ulong*)at, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or32(byte* at, ulong value) => Interlocked.Or(ref *(uint*)at, (uint)value);

    /// <summary>.NET has no atomic exclusive or: a compare-and-exchange loop, as the kernel's JIT for x86 does.</summary>
    public static ulong Xor64(byte* at, ulong value)
    {
        ulong seen = Volatile.Read(ref *(ulong*)at);
        while (true)
        {
            ulong was = Interlocked.CompareExchange(ref *(ulong*)at, seen ^ value, seen);
            if (was == seen)
                return was;
            seen = was;
        }
    }

    public static ulong Xor32(byte* at, ulong value)
    {
        uint seen = Volatile.Read(ref *(uint*)at);
        while (true)
        {
            uint was = Interlocked.CompareExchange(ref *(uint*)at, seen ^ (uint)value, seen);
            if (was == seen)
                return was;
            seen = was;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xchg64(byte* at, ulong value) => Interlocked.Exchange(ref *(ulong*)at, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Xchg32(byte* at, ulong value) => Interlocked.Exchange(ref *(uint*)at, (uint)value);

    /// <summary>Stores <paramref name="value"/> where memory equals <paramref name="expected"/> (R0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Cmpxchg64(byte* at, ulong value, ulong expected) =>
        Interlocked.CompareExchange(ref *(ulong*)at, value, expected);

    /// <summary>As <see cref="Cmpxchg64"/> on 32 bits: only the low half of R0 is compared. Not inlined, for the reason of <see cref="NarrowOps"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Cmpxchg32(byte* at, ulong value, ulong expected)
    {
        uint old = Interlocked.CompareExchange(ref *(uint*)at, (uint)value, (uint)expected);
        // On success the processor leaves the upper half of RAX alone, and RyuJIT takes the result as zero-extended all the same.
        return old == (uint)expected ? expected & uint.MaxValue : old;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong LoadAcquire(byte* at, int size) => size switch
    {
        1 => Volatile.Read(ref *at),
        2 => Volatile.Read(ref *(ushort*)at),
        4 => Volatile.Read(ref *(uint*)at),
        _ => Volatile.Read(ref *(ulong*)at),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreRelease(byte* at, int size, ulong value)
    {
        switch (size)
        {
            case 1:
                Volatile.Write(ref *at, (byte)value);
                break;
            case 2:
                Volatile.Write(ref *(ushort*)at, (ushort)value);
                break;
            case 4:
                Volatile.Write(ref *(uint*)at, (uint)value);
                break;
            default:
                Volatile.Write(ref *(ulong*)at, value);
                break;
        }
    }
}
