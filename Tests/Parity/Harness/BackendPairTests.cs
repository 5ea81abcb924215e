using WebBpf.Kernel.Uapi;
using WebBpf.Tests.Corpus;
using Xunit;
using Xunit.Sdk;

namespace WebBpf.Tests.Parity.Harness;

/// <summary>The harness itself: it sees sameness and it sees a difference.</summary>
public sealed class BackendPairTests(BackendPair pair) : IClassFixture<BackendPair>
{
    [Fact]
    public void An_array_map_behaves_alike()
    {
        pair.Same(side =>
        {
            long fd = side.Call(BpfCommand.MapCreate, ("map_type", (ulong)BpfMapType.Array), ("key_size", 4), ("value_size", 8), ("max_entries", 2));
            var value = side.Memory.Allocate(8);
            foreach (byte key in (byte[])[0, 1, 2])
            {
                ulong at = side.Memory.Copy([key, 0, 0, 0]);
                side.Call(BpfCommand.MapUpdateElem, ("map_fd", (ulong)fd), ("key", at), ("value", side.Memory.Copy([key, 9, 9, 9, 9, 9, 9, 9])));
                side.Call(BpfCommand.MapLookupElem, ("map_fd", (ulong)fd), ("key", at), ("value", value.Address));
                side.Note("value", value.Span);
                side.Call(BpfCommand.MapDeleteElem, ("map_fd", (ulong)fd), ("key", at));
            }

            side.Call(BpfCommand.MapLookupElem, ("map_fd", 99), ("key", 0), ("value", 0));
            side.Call(new CallAttr(BpfCommand.MapCreate) { ["map_type"] = (uint)BpfMapType.Array, ["key_size"] = 8, ["value_size"] = 8, ["max_entries"] = 2 });
        });
    }

    [Fact]
    public void A_difference_is_shown_with_the_step_and_both_answers()
    {
        XunitException error = Assert.ThrowsAny<XunitException>(() => pair.Same(side =>
        {
            side.Call(BpfCommand.MapCreate, ("map_type", (ulong)BpfMapType.Array), ("key_size", 4), ("value_size", 8), ("max_entries", 2));
            side.Note($"name {side.Name}");
        }));
        if (error is not SkipException)
            Assert.Equal("Step 2 differs.\n  both:  MapCreate -> 3\n  Linux: name Linux\n  ours:  name ours", error.Message);
    }
}
