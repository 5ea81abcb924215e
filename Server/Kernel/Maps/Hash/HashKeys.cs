using System.Numerics;
using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Maps.Hash;

/// <summary>
/// How keys of one size are hashed and compared: as type arguments, so that the tables are compiled for each. Hashes are folded 128-bit products
/// with secret factors; a map that asks for BPF_F_ZERO_SEED gets the kernel's own function and so the kernel's order.
/// </summary>
internal unsafe interface IHashKey
{
    static abstract uint Hash(byte* key, uint size, in HashSeed seed);

    static abstract bool Equal(byte* a, byte* b, uint size);

    static abstract void Copy(byte* to, byte* from, uint size);
}

/// <summary>Secrets of one map.</summary>
internal readonly record struct HashSeed(ulong A, ulong B)
{
    public static HashSeed Random() => new((ulong)System.Random.Shared.NextInt64(), (ulong)System.Random.Shared.NextInt64() | 1UL << 63 | 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Mix(ulong x, ulong y)
    {
        ulong high = Math.BigMul(x, y, out ulong low);
        return high ^ low;
    }
}

/// <summary>Keys of 4 bytes.</summary>
internal readonly unsafe struct Key4 : IHashKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(byte* key, uint size, in HashSeed seed) => (uint)HashSeed.Mix(*(uint*)key ^ seed.A, seed.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(byte* a, byte* b, uint size) => *(uint*)a == *(uint*)b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* to, byte* from, uint size) => *(uint*)to = *(uint*)from;
}

/// <summary>Keys of 8 bytes.</summary>
internal readonly unsafe struct Key8 : IHashKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(byte* key, uint size, in HashSeed seed) => (uint)HashSeed.Mix(*(ulong*)key ^ seed.A, seed.B);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(byte* a, byte* b, uint size) => *(ulong*)a == *(ulong*)b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* to, byte* from, uint size) => *(ulong*)to = *(ulong*)from;
}

/// <summary>Keys of 16 bytes.</summary>
internal readonly unsafe struct Key16 : IHashKey
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(byte* key, uint size, in HashSeed seed)
    {
        ulong first = HashSeed.Mix(*(ulong*)key ^ seed.A, seed.B);
        return (uint)HashSeed.Mix(first ^ *(ulong*)(key + 8), seed.B);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Equal(byte* a, byte* b, uint size) => ((*(ulong*)a ^ *(ulong*)b) | (*(ulong*)(a + 8) ^ *(ulong*)(b + 8))) == 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* to, byte* from, uint size)
    {
        *(ulong*)to = *(ulong*)from;
        *(ulong*)(to + 8) = *(ulong*)(from + 8);
    }
}

/// <summary>Keys of any other size.</summary>
internal readonly unsafe struct KeyAny : IHashKey
{
    public static uint Hash(byte* key, uint size, in HashSeed seed)
    {
        ulong state = seed.A ^ size;
        for (; size >= 8; size -= 8, key += 8)
            state = HashSeed.Mix(state ^ *(ulong*)key, seed.B);
        ulong tail = 0;
        for (int shift = 0; size > 0; size--, shift += 8)
            tail |= (ulong)*key++ << shift;
        return (uint)HashSeed.Mix(state ^ tail, seed.B);
    }

    public static bool Equal(byte* a, byte* b, uint size) => new ReadOnlySpan<byte>(a, (int)size).SequenceEqual(new ReadOnlySpan<byte>(b, (int)size));

    public static void Copy(byte* to, byte* from, uint size) => Unsafe.CopyBlockUnaligned(to, from, size);
}

/// <summary>Keys of any size in maps without a seed: Bob Jenkins' lookup3 with the kernel's initial value.</summary>
internal readonly unsafe struct KeyJenkins : IHashKey
{
    private const uint Initial = 0xdeadbeef;

    public static uint Hash(byte* key, uint size, in HashSeed seed)
    {
        uint a = Initial + size;
        uint b = a, c = a;
        while (size > 12)
        {
            a += *(uint*)key;
            b += *(uint*)(key + 4);
            c += *(uint*)(key + 8);
            a = (a - c) ^ BitOperations.RotateLeft(c, 4);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 6);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 8);
            b += a;
            a = (a - c) ^ BitOperations.RotateLeft(c, 16);
            c += b;
            b = (b - a) ^ BitOperations.RotateLeft(a, 19);
            a += c;
            c = (c - b) ^ BitOperations.RotateLeft(b, 4);
            b += a;
            size -= 12;
            key += 12;
        }

        if (size == 0)
            return c;
        uint* tail = stackalloc uint[3];
        new Span<uint>(tail, 3).Clear();
        Unsafe.CopyBlockUnaligned(tail, key, size);
        a += tail[0];
        b += tail[1];
        c += tail[2];
        c = (c ^ b) - BitOperations.RotateLeft(b, 14);
        a = (a ^ c) - BitOperations.RotateLeft(c, 11);
        b = (b ^ a) - BitOperations.RotateLeft(a, 25);
        c = (c ^ b) - BitOperations.RotateLeft(b, 16);
        a = (a ^ c) - BitOperations.RotateLeft(c, 4);
        b = (b ^ a) - BitOperations.RotateLeft(a, 14);
        return (c ^ b) - BitOperations.RotateLeft(b, 24);
    }

    public static bool Equal(byte* a, byte* b, uint size) => KeyAny.Equal(a, b, size);

    public static void Copy(byte* to, byte* from, uint size) => KeyAny.Copy(to, from, size);
}
