using System.Buffers.Binary;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Linux;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;
using Xunit;

namespace WebBpf.Tests.Parity.Samples;

/// <summary>One object on our kernel and on the machine's.</summary>
internal sealed class SamplePair : IDisposable
{
    private readonly BpfKernel _kernel;

    private SamplePair(BpfKernel kernel, LinuxKernel linux)
    {
        _kernel = kernel;
        Ours = new SampleSide(kernel, BpfKernelOptions.PossibleCpus());
        Linux = new SampleSide(linux, BpfKernelOptions.PossibleCpus());
    }

    public SampleSide Ours { get; }

    public SampleSide Linux { get; }

    public static SamplePair OpenOrSkip()
    {
        if (LinuxKernel.Probe() is { } reason)
            Assert.Skip(reason);
        return new SamplePair(new BpfKernel(new BpfKernelOptions { Cpus = BpfKernelOptions.PossibleCpus() }), new LinuxKernel());
    }

    /// <summary>Types whose test run takes a packet.</summary>
    public static bool CanTestRun(BpfProgType type) => type is BpfProgType.Xdp or BpfProgType.SchedCls or BpfProgType.SocketFilter or BpfProgType.CgroupSkb;

    /// <summary>Types whose elements can be listed and mean the same on both sides (ids of programs do not).</summary>
    public static bool CanCompare(BpfMapType type) => type is BpfMapType.Array or BpfMapType.Hash or BpfMapType.LruHash or BpfMapType.PercpuArray or BpfMapType.PercpuHash;

    public (LoadResult Ours, LoadResult Linux) Load(BpfObject source) => (Ours.Load(source), Linux.Load(source));

    /// <summary>Rules that make the samples do something: a blocked port, a service to rewrite.</summary>
    public void Prepare(BpfObject source)
    {
        foreach (SampleSide side in new[] { Ours, Linux })
        {
            if (source.Name == "firewall")
                side.Update("blocked_ports", [53, 0], [1]);
            if (source.Name == "rewrite")
            {
                side.Update("services", Endpoint("0a000014", 80), Endpoint("0a000063", 8080));
                side.Update("services", Endpoint("0a000014", 53), Endpoint("0a000064", 5353));
            }
        }
    }

    public void Dispose()
    {
        Ours.Dispose();
        Linux.Dispose();
        _kernel.Dispose();
    }

    private static byte[] Endpoint(string address, ushort port)
    {
        byte[] bytes = new byte[8];
        Convert.FromHexString(address).CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(4), port);
        return bytes;
    }
}
