namespace WebBpf.Kernel.Isa;

/// <summary>How an atomic instruction uses its registers, and how it is written.</summary>
public enum AtomicShape : byte
{
    /// <summary><c>lock *(u64 *)(r1 +0) += r2</c></summary>
    Locked,

    /// <summary><c>r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)</c></summary>
    Fetch,

    /// <summary><c>r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)</c></summary>
    CompareExchange,

    /// <summary><c>r1 = load_acquire((u64 *)(r2 +0))</c></summary>
    LoadAcquire,

    /// <summary><c>store_release((u64 *)(r1 +0), r2)</c></summary>
    StoreRelease,
}

/// <summary>One value of the immediate of an atomic instruction.</summary>
/// <param name="Imm">The immediate.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Word">The operator of <see cref="AtomicShape.Locked"/>, otherwise what follows "atomic" or "atomic64".</param>
public readonly record struct AtomicOperation(int Imm, AtomicShape Shape, string Word);

/// <summary>The atomic operations of 6.18, the second level of the opcode table.</summary>
public static class AtomicOperations
{
    private static readonly AtomicOperation[] Rows =
    [
        new(Op.Add, AtomicShape.Locked, "+="),
        new(Op.Or, AtomicShape.Locked, "|="),
        new(Op.And, AtomicShape.Locked, "&="),
        new(Op.Xor, AtomicShape.Locked, "^="),
        new(Op.Add | Op.Fetch, AtomicShape.Fetch, "_fetch_add"),
        new(Op.Or | Op.Fetch, AtomicShape.Fetch, "_fetch_or"),
        new(Op.And | Op.Fetch, AtomicShape.Fetch, "_fetch_and"),
        new(Op.Xor | Op.Fetch, AtomicShape.Fetch, "_fetch_xor"),
        new(Op.Xchg, AtomicShape.Fetch, "_xchg"),
        new(Op.Cmpxchg, AtomicShape.CompareExchange, "_cmpxchg"),
        new(Op.LoadAcquire, AtomicShape.LoadAcquire, "load_acquire"),
        new(Op.StoreRelease, AtomicShape.StoreRelease, "store_release"),
    ];

    public static ReadOnlySpan<AtomicOperation> All => Rows;

    /// <summary>Finds the operation of an immediate.</summary>
    public static bool TryGet(int imm, out AtomicOperation operation)
    {
        foreach (ref readonly AtomicOperation row in Rows.AsSpan())
        {
            if (row.Imm == imm)
            {
                operation = row;
                return true;
            }
        }

        operation = default;
        return false;
    }
}
