namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>A parameter of a subprogram by its BTF (struct bpf_subprog_arg_info).</summary>
/// <param name="Kind">What a caller must pass.</param>
/// <param name="Size">Bytes behind a <see cref="SubprogArgKind.Memory"/> pointer.</param>
internal readonly record struct SubprogArg(SubprogArgKind Kind, uint Size = 0)
{
    /// <summary>The pointer may be null.</summary>
    public bool MayBeNull { get; init; }
}

internal enum SubprogArgKind
{
    Scalar,
    Context,
    Memory,
}
