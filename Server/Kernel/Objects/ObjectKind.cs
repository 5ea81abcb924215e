namespace WebBpf.Kernel.Objects;

/// <summary>What stands behind a file descriptor.</summary>
public enum ObjectKind
{
    /// <summary>A file that is no BPF object.</summary>
    Other,
    Prog,
    Map,
    Btf,
    Link,
    Token,
    Iterator,

    /// <summary>What BPF_ENABLE_STATS returns.</summary>
    Stats,
}
