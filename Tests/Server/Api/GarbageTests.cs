using System.Text.Json.Nodes;
using WebBpf.Tests.Server.Hosting;
using Xunit;

namespace WebBpf.Tests.Server.Api;

/// <summary>Whatever is thrown at a route, it answers 4xx (or 501, 503, 507 with an errno) and a reason.</summary>
public sealed class GarbageTests
{
    private static readonly string[] Bodies =
    [
        "", "{", "[]", "null", "1", "\"x\"", "{\"a\":{\"a\":{\"a\":{}}}}", "{\"nope\":1}", "\u0000\u0001",
        "{\"map_type\":\"nope\"}", "{\"map_type\":-1,\"key_size\":4294967296}", "{\"key\":\"zz\"}", "{\"key\":\"0\"}", "{\"key\":5}", "{\"value\":[]}",
        "{\"insns\":\"00\",\"prog_type\":\"xdp\"}", "{\"insns\":\"ffffffffffffffff\",\"prog_type\":99999,\"log_level\":1}",
        "{\"prog_type\":1,\"insn_cnt\":4000000000,\"insns\":\"9500000000000000\",\"license\":\"GPL\"}",
        "{\"map_fd\":2147483647,\"count\":4294967295}", "{\"bpf_fd\":-1}", "{\"log_size\":4294967295,\"log_level\":1,\"prog_type\":1,\"insns\":\"9500000000000000\"}",
        "{\"kind\":\"prog\",\"id\":1}", "{\"kind\":\"x\"}", "{\"asm\":5}", "{\"asm\":\"r0 = r99\"}", "{\"value\":\"00\",\"flags\":99}", "{\"name\":\"\"}", "{\"capabilities\":[\"CAP_X\"]}",
        "{\"prog_fd\":0,\"data_size_out\":4294967295,\"data_in\":\"00\"}", "{\"a\":1,\"a\":2}", "{\"pathname\":\"\\u0000\"}",
    ];

    private static readonly string[] Values = ["0", "-1", "999999999", "99999999999999999999", "x", "..%2f..", "a b", "%ff%fe"];

    [Fact]
    public async Task Every_route_survives_garbage()
    {
        using var server = new ServerFixture();
        HttpClient client = server.CreateClient();
        JsonObject paths = (await client.Get("/swagger/v1/swagger.json")).Body!["paths"]!.AsObject();
        var bad = new List<string>();
        foreach ((string path, JsonNode? operations) in paths)
        {
            foreach ((string method, JsonNode? _) in operations!.AsObject())
            {
                if (path.Contains("/stream/", StringComparison.Ordinal))
                    continue;
                foreach (string value in Values)
                {
                    string url = System.Text.RegularExpressions.Regex.Replace(path, "\\{[^}]+\\}", value);
                    if (url == path && value != Values[0])
                        continue;
                    foreach (string body in method == "get" || method == "delete" ? [""] : Bodies)
                        await Check(client, method, url, body, bad);
                }
            }
        }

        Assert.Empty(bad);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=x")]
    [InlineData("cursor=x")]
    [InlineData("sort=nope")]
    [InlineData("filter=nope:1&sort=-nope")]
    public async Task Lists_refuse_what_they_do_not_know(string query)
    {
        using var server = new ServerFixture();
        HttpClient client = server.CreateClient();
        foreach (string list in new[] { "programs", "maps", "links", "btf", "sessions" })
        {
            Answer answer = await client.Get($"/api/v1/{list}?{query}");
            Assert.Equal(400, answer.Code);
            Assert.NotNull(answer["field"]);
        }
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        using var server = new ServerFixture { Settings = { ["Limits:MaxRequestBytes"] = "2048" } };
        HttpClient client = server.CreateClient();
        Assert.Equal(413, (await client.Post("/api/v1/bpf/map_create", "{\"map_name\":\"" + new string('a', 4000) + "\"}")).Code);
        Assert.Equal(413, (await client.PostBytes("/api/v1/objects", new byte[4000])).Code);
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        using var server = new ServerFixture();
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000);
        Answer answer = await server.CreateClient().Post("/api/v1/bpf/map_create", deep);
        Assert.Equal(400, answer.Code);
        Assert.Equal("body", (string?)answer["field"]);
    }

    private static async Task Check(HttpClient client, string method, string url, string body, List<string> bad)
    {
        Answer answer = await client.Send(new HttpMethod(method.ToUpperInvariant()), url, body.Length == 0 && method is "get" or "delete" ? null : body);
        bool fine = answer.Code < 400
            || (answer.Code is 501 or 503 or 507 ? answer["errno"] is not null : answer.Code < 500 && answer.ContentType == "application/problem+json" && answer["title"] is not null);
        if (!fine && bad.Count < 20)
            bad.Add($"{method} {url} {body} -> {answer.Code} {answer.Text}");
    }
}
