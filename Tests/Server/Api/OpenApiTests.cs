using System.Text.Json.Nodes;
using WebBpf.Tests.Server.Hosting;
using Xunit;

namespace WebBpf.Tests.Server.Api;

public sealed class OpenApiTests
{
    [Theory]
    [InlineData("get", "/healthz")]
    [InlineData("get", "/readyz")]
    [InlineData("get", "/metrics")]
    [InlineData("get", "/api/v1/kernel")]
    [InlineData("post", "/api/v1/sessions")]
    [InlineData("get", "/api/v1/sessions")]
    [InlineData("get", "/api/v1/sessions/{id}/fds")]
    [InlineData("post", "/api/v1/sessions/{id}/fds")]
    [InlineData("post", "/api/v1/sessions/{id}/fds/{fd}/read")]
    [InlineData("post", "/api/v1/sessions/{id}/fds/{fd}/write")]
    [InlineData("delete", "/api/v1/sessions/{id}/fds/{fd}")]
    [InlineData("delete", "/api/v1/sessions/{id}")]
    [InlineData("post", "/api/v1/bpf/map_create")]
    [InlineData("post", "/api/v1/bpf/prog_load")]
    [InlineData("post", "/api/v1/bpf/prog_stream_read_by_fd")]
    [InlineData("post", "/api/v1/objects")]
    [InlineData("post", "/api/v1/verify")]
    [InlineData("post", "/api/v1/assemble")]
    [InlineData("post", "/api/v1/disassemble")]
    [InlineData("get", "/api/v1/programs")]
    [InlineData("get", "/api/v1/programs/{id}")]
    [InlineData("get", "/api/v1/programs/{id}/xlated")]
    [InlineData("get", "/api/v1/programs/{id}/jited")]
    [InlineData("get", "/api/v1/programs/{id}/cfg")]
    [InlineData("get", "/api/v1/programs/{id}/log")]
    [InlineData("get", "/api/v1/programs/{id}/stats")]
    [InlineData("post", "/api/v1/programs/{id}/run")]
    [InlineData("post", "/api/v1/programs/{id}/run/pcap")]
    [InlineData("get", "/api/v1/maps")]
    [InlineData("get", "/api/v1/maps/{id}")]
    [InlineData("get", "/api/v1/maps/{id}/entries")]
    [InlineData("get", "/api/v1/maps/{id}/entries/{key}")]
    [InlineData("put", "/api/v1/maps/{id}/entries/{key}")]
    [InlineData("delete", "/api/v1/maps/{id}/entries/{key}")]
    [InlineData("get", "/api/v1/links")]
    [InlineData("get", "/api/v1/links/{id}")]
    [InlineData("delete", "/api/v1/links/{id}")]
    [InlineData("get", "/api/v1/btf")]
    [InlineData("get", "/api/v1/btf/{id}")]
    [InlineData("get", "/api/v1/btf/{id}/c")]
    [InlineData("get", "/api/v1/bpffs/{path}")]
    [InlineData("put", "/api/v1/bpffs/{path}")]
    [InlineData("delete", "/api/v1/bpffs/{path}")]
    [InlineData("post", "/api/v1/bpffs/{path}")]
    [InlineData("get", "/api/v1/stream/verifier/{loadId}")]
    [InlineData("get", "/api/v1/stream/maps/{id}")]
    [InlineData("get", "/api/v1/stream/stats")]
    [InlineData("get", "/api/v1/stream/events")]
    [InlineData("get", "/api/v1/stream/trace")]
    public async Task The_document_has_every_route(string method, string path)
    {
        using var server = new ServerFixture();
        JsonNode document = (await server.CreateClient().Get("/swagger/v1/swagger.json")).Body!;
        Assert.NotNull(document["paths"]![path]?[method]);
    }

    [Fact]
    public async Task Every_command_has_its_fields_and_its_outputs_in_the_document()
    {
        using var server = new ServerFixture();
        JsonNode document = (await server.CreateClient().Get("/swagger/v1/swagger.json")).Body!;
        string[] commands = [.. document["paths"]!.AsObject().Select(p => p.Key).Where(p => p.StartsWith("/api/v1/bpf/", StringComparison.Ordinal) && !p.Contains('{'))];
        Assert.Equal(38, commands.Length);
        JsonNode load = document["paths"]!["/api/v1/bpf/prog_load"]!["post"]!;
        Assert.NotNull(load["requestBody"]!["content"]!["application/json"]!["schema"]!["properties"]!["insns"]);
        Assert.NotNull(load["responses"]!["200"]!["content"]!["application/json"]!["schema"]!["properties"]!["log"]);
        Assert.NotNull(load["responses"]!["default"]);
    }
}
